import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';

import { approve } from '../../../cli/approve.ts';
import { decideApproval, openApprovals } from '../../../lib/approvals/decide.ts';
import type { ApprovalDecision } from '../../../lib/contract/approvals.ts';
import { DqmError, DqmState } from '../../../lib/contract/search-attributes.ts';
import { aChainWorker, type ChainWorker } from '../../support/a-chain-worker.ts';
import { checkJsonLines } from '../../support/json-lines.ts';
import { until } from '../../support/until.ts';

const CHAINS = `
import { approval, command } from 'durable-queue-manager/chains';

export async function reviewed({ parameters: { within, otherwise } }) {
  const sheet = await command('sheet');
  const given = await approval('art director', { preview: sheet, within, otherwise });
  await command('frame');
  return given;
}
export async function both() {
  return Promise.all([approval('art director'), approval('client'), approval('client')]);
}
`;

let worker: ChainWorker;

beforeAll(async () => {
  worker = await aChainWorker(CHAINS);
});

afterAll(() => worker?.close());

const waiting = (job: WorkflowHandle, count = 1) =>
  until(async () => {
    // Nobody can be asked before the chain has begun.
    const open = await openApprovals(worker.engine.client, job.workflowId).catch(() => undefined);
    return open?.length === count && open;
  });

const decide = (job: WorkflowHandle, decision: Partial<ApprovalDecision> = {}) =>
  decideApproval(worker.engine.client, job.workflowId, { decision: 'approved', note: null, ...decision });

const stateOf = async (job: WorkflowHandle) => (await job.describe()).typedSearchAttributes.get(DqmState);

const failureOf = async (job: WorkflowHandle) =>
  ((await job.result().catch((error: unknown) => error)) as WorkflowFailedError).cause as Error;

test('a chain waits for a person, without a GPU, and goes on once they approve', async () => {
  await worker.run('reviewed', {}, async (job) => {
    const [open] = await waiting(job);
    expect(open).toMatchObject({ approval: 'art director', deadlineMs: null, preview: { mimeType: 'image/png' } });
    await until(async () => (await stateOf(job)) === 'approval');
    expect(worker.commands.map(({ command }) => command)).toEqual(['sheet']);
    await decide(job, { note: 'lighter, please' });
    expect(await job.result()).toEqual({ by: 'person', note: 'lighter, please' });
    expect(await stateOf(job)).toBe('completed');
  });
});

test('a declined approval fails the chain, and nothing after it runs', async () => {
  await worker.run('reviewed', {}, async (job) => {
    await waiting(job);
    await decide(job, { decision: 'declined', note: 'too dark' });
    expect((await failureOf(job)).message).toBe('approval of art director: declined: too dark');
    expect((await job.describe()).typedSearchAttributes.get(DqmError)).toBe('ApprovalDeclined');
    expect(worker.commands).toHaveLength(1);
  });
});

test.each([
  ['without otherwise', undefined],
  ['with otherwise: decline', 'decline'],
])('an approval past its time fails the chain %s', async (_what, otherwise) => {
  await worker.run('reviewed', { within: '100 ms', otherwise }, async (job) => {
    expect((await failureOf(job)).message).toBe('approval of art director: nobody decided in time');
  });
});

test('an approval past its time is given with otherwise: approve', async () => {
  await worker.run('reviewed', { within: '100 ms', otherwise: 'approve' }, async (job) => {
    expect(await job.result()).toEqual({ by: 'timeout', note: null });
  });
});

test('where several are waited for, one must be named, and each is decided once', async () => {
  await worker.run('both', {}, async (job) => {
    await waiting(job, 3);
    await expect(decide(job)).rejects.toThrow('say which approval, it waits for art director, client, client#2');
    await expect(decide(job, { approval: 'intern' })).rejects.toThrow(
      'it does not wait for intern, but for art director',
    );
    await decide(job, { approval: 'client' });
    await expect(decide(job, { approval: 'client' })).rejects.toThrow('client was approved already');
    const [open] = await waiting(job, 2);
    const late = { approval: 'art director', askedMs: (open?.askedMs ?? 0) - 1 };
    await expect(decide(job, late)).rejects.toThrow('art director was asked anew since');
    await decide(job, { approval: 'art director' });
    await decide(job);
    await job.result();
    await expect(decide(job)).rejects.toThrow('the job has ended, or there is no such job');
  });
});

test.each([
  ['a person', false],
  ['a program', true],
])('dqm approve says to %s what was decided', async (_reader, json) => {
  await worker.run('reviewed', {}, async (job) => {
    await waiting(job);
    let said = '';
    const output = { json, colour: false, write: (text: string) => void (said += text) };
    const { client, namespace } = worker.engine;
    const deps = { client, namespace, queues: ['renders'], uiUrl: null, output, remember: () => undefined, now: 0 };
    await approve(job.workflowId, { note: 'fine' }, deps as unknown as Parameters<typeof approve>[2]);
    const decided = { workflow_id: job.workflowId, approval: 'art director', decision: 'approved', note: 'fine' };
    const lines = json ? checkJsonLines('approve', said) : [said];
    expect(lines).toEqual([json ? decided : `${job.workflowId}: approval of art director approved\n`]);
    await job.result();
  });
});
