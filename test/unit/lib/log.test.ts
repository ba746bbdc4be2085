import { createLog, errorText } from '../../../lib/log.ts';

function written(isTTY: boolean): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog({ output: { isTTY, write: (text: string) => lines.push(text) } }) };
}

test('a machine gets one JSON line an event', () => {
  const { lines, log } = written(false);
  log.info('Message settled', { queue: 'renders', outcome: 'started' });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    msg: 'Message settled',
    queue: 'renders',
    outcome: 'started',
  });
});

test('a terminal gets one readable line an event', () => {
  const { lines, log } = written(true);
  log.warn('Broker unreachable', { queue: 'renders' });
  expect(lines).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d warn  Broker unreachable queue=renders\n$/)]);
});

test('an error says its causes once', () => {
  const cause = new Error('connect ECONNREFUSED 127.0.0.1:7233');
  expect(errorText(new Error('cannot reach the engine', { cause }))).toBe(
    'cannot reach the engine: connect ECONNREFUSED 127.0.0.1:7233',
  );
  expect(errorText(new Error(`cannot reach it: ${cause.message}`, { cause }))).toBe(
    'cannot reach it: connect ECONNREFUSED 127.0.0.1:7233',
  );
  expect(errorText('plain text')).toBe('plain text');
});

test('an error without a message of its own says its code', () => {
  expect(errorText(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
});
