import { JOB_STATES } from '../../../../lib/contract/states.ts';
import { visibilityQuery } from '../../../../lib/jobs/query.ts';

test.each(['waiting', 'running', 'approval', 'delivering', 'rejected'] as const)(
  'an ended workflow does not count as %s, whatever it said last',
  (state) => {
    expect(visibilityQuery({ state })).toMatch(/ AND \(DqmState = '\w+' AND ExecutionStatus = 'Running'\)$/);
  },
);

test('terminated and timed-out workflows are asked for with the failed ones', () => {
  expect(visibilityQuery({ state: 'failed' })).toContain(`ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`);
});

test.each(JOB_STATES)('the list of %s jobs holds only what has a queue', (state) => {
  expect(visibilityQuery({ state })).toMatch(/^DqmQueue IS NOT NULL AND /);
});

test('a value stays a value, whatever it holds', () => {
  expect(visibilityQuery({ tenant: `x' OR DqmQueue = 'y` })).toContain(`DqmTenant = 'x'' OR DqmQueue = ''y'`);
});

test.each(['a"b', 'a\\', 'a\nb', 'a\u0000b', `'a`, `a'`])('a value that no query can hold is refused: %j', (tenant) => {
  expect(() => visibilityQuery({ tenant })).toThrow('the engine cannot search for');
});

test('every filter narrows the list', () => {
  const since = new Date('2026-03-01T12:00:00Z');
  const query = visibilityQuery({ queue: 'q', tenant: 't', command: 'c', error: 'e', host: 'h', since });
  expect(query.split(' AND ').slice(-6)).toEqual([
    `DqmQueue = 'q'`,
    `DqmTenant = 't'`,
    `WorkflowType = 'c'`,
    `DqmHost = 'h'`,
    `DqmError = 'e'`,
    `StartTime >= '2026-03-01T12:00:00.000Z'`,
  ]);
});
