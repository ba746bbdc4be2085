import {
  rejectedWorkflowId,
  rejectedWorkflowIdBeside,
  shortHash,
  workflowIdFor,
} from '../../../../lib/contract/ids.ts';

test('a workflow id is the queue and the identity', () => {
  expect(workflowIdFor('renders', 'chair-1')).toBe('job/renders/chair-1');
});

test('an id of 255 bytes stays, a longer one keeps 230 bytes and gets a hash', () => {
  const longest = workflowIdFor('q', 'x'.repeat(249));
  expect(longest).toHaveLength(255);
  const cut = workflowIdFor('q', 'x'.repeat(250));
  expect(cut).toBe(`${`job/q/${'x'.repeat(250)}`.slice(0, 230)}~${shortHash(`job/q/${'x'.repeat(250)}`)}`);
});

test('two long ids that differ at their ends stay two', () => {
  expect(workflowIdFor('q', `${'x'.repeat(300)}1`)).not.toBe(workflowIdFor('q', `${'x'.repeat(300)}2`));
});

test('a cut never leaves half a character', () => {
  for (const lead of ['', 'x', 'xx', 'xxx']) {
    const id = workflowIdFor('q', lead + '漢'.repeat(100));
    expect(id).not.toContain('\uFFFD');
    expect(Buffer.byteLength(id)).toBeLessThanOrEqual(255);
  }
});

test('a rejected message is held under its id, without one under a hash of its body', () => {
  const body = Buffer.from('{');
  expect(rejectedWorkflowId('renders', 'm-1', body)).toBe('rejected/renders/m-1');
  expect(rejectedWorkflowId('renders', null, body)).toBe(`rejected/renders/${shortHash(body)}`);
  expect(rejectedWorkflowIdBeside('renders', 'm-1', body)).toBe(`rejected/renders/m-1~${shortHash(body)}`);
});
