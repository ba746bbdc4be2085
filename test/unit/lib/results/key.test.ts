import { isSafeKey, resultKey, workflowPrefix } from '../../../../lib/results/key.ts';

const identity = {
  queue: 'renders',
  workflowId: 'job/renders/chair-1',
  command: 'render_product',
  parametersText: '{"scene":"chair.mi"}',
  occurrence: 0,
  generation: 0,
};

test('a key is readable, and says queue, job, generation and occurrence', () => {
  expect(resultKey({ ...identity, occurrence: 3, generation: 1 })).toMatch(
    /^renders\/chair-1~[0-9a-f]{32}\/1-[0-9a-f]{64}-3$/,
  );
});

test('each attempt of one command has one key', () => {
  expect(resultKey({ ...identity })).toBe(resultKey(identity));
});

test.each([
  ['another queue', { queue: 'other' }],
  ['another workflow', { workflowId: 'job/renders/chair-2' }],
  ['another command', { command: 'render_preview' }],
  ['other parameters', { parametersText: '{"scene": "chair.mi"}' }],
  ['another occurrence', { occurrence: 1 }],
  ['another generation', { generation: 1 }],
])('%s gives another key', (_what, change) => {
  expect(resultKey({ ...identity, ...change })).not.toBe(resultKey(identity));
});

test('command and parameters cannot be shifted into each other', () => {
  const shifted = { ...identity, command: 'render_product{', parametersText: '"scene":"chair.mi"}' };
  expect(resultKey(shifted)).not.toBe(resultKey(identity));
});

test.each([
  ['..', 'job/../x'],
  ['renders', 'job/renders/../../etc/passwd'],
  ['renders', 'job/renders/Stühle und Tische\n'],
  ['renders', `job/renders/${'x'.repeat(240)}`],
  ['.', 'turntable 7'],
])('queue %j and workflow %j give a key that is safe as a path', (queue, workflowId) => {
  const key = resultKey({ ...identity, queue, workflowId });
  expect(isSafeKey(key)).toBe(true);
  expect(key.startsWith(`${workflowPrefix(queue, workflowId)}/`)).toBe(true);
  expect(key.split('/')[1]!.length).toBeLessThanOrEqual(113);
});

test('ids that look the same once they are readable have keys of their own', () => {
  expect(workflowPrefix('renders', 'job/renders/a b')).not.toBe(workflowPrefix('renders', 'job/renders/a-b'));
});
