import { Worker } from '@temporalio/worker';

import { retryRejected } from '../../../../bridges/dead-letters/rejected-message.ts';
import { sha256, shortHash } from '../../../../lib/contract/ids.ts';
import { JOBS_TASK_QUEUE } from '../../../../lib/contract/names.ts';
import { cancelJob } from '../../../../lib/jobs/cancel.ts';
import { aBody, aMessage, type MessageChanges } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anIntake } from '../../../support/an-intake.ts';
import { servers } from '../../../support/servers.ts';

let engine: TestNamespace;
let parts: ReturnType<typeof anIntake>;
let worker: Worker;
let worked: Promise<void>;

beforeAll(async () => {
  engine = await aNamespace();
  parts = anIntake(engine.client);
  worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: servers().workflowBundle,
  });
  worked = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await worked;
  await engine?.close();
});

const retry = (workflowId: string, corrected?: string) =>
  retryRejected(workflowId, corrected === undefined ? undefined : Buffer.from(corrected), {
    client: engine.client,
    ...parts,
  });

/** Judges a message that is rejected, and has a workflow hold it. */
async function held(changes: MessageChanges): Promise<void> {
  const message = aMessage(changes);
  const verdict = await parts.intake.judge(message, new AbortController().signal);
  if (verdict.outcome !== 'rejected') throw new Error(`was not rejected but ${verdict.outcome}`);
  await parts.deps.holdRejected(message, verdict);
}

const endingOf = (workflowId: string): Promise<unknown> => engine.client.workflow.getHandle(workflowId).result();

const GOOD = JSON.stringify(aBody());

test('a corrected message becomes a job of its ids, and is held no longer', async () => {
  const envelope = {
    transport: 'amqp' as const,
    headers: { dqm_tenant: { type: 'string', value: 'acme' }, dqm_message_id: { type: 'string', value: 'first' } },
    properties: { priority: { type: 'integer', value: 9 } },
  };
  await held({ queue: 'corrected', envelope, attributes: { originalMessageId: 'first' }, body: '{' });
  const verdict = await retry('rejected/corrected/first', GOOD);
  expect(verdict).toEqual({ outcome: 'started', workflowId: 'job/corrected/first' });
  expect(await endingOf('rejected/corrected/first')).toBe('retried');
  const { memo } = await engine.client.workflow.getHandle('job/corrected/first').describe();
  expect(memo).toMatchObject({
    message_id: 'first',
    delivery_id: 'm-1',
    content_hash: sha256(GOOD),
    tenant: 'acme',
    priority: 1,
  });
});

test('one that would be rejected again says why and stays held', async () => {
  await held({ queue: 'again', body: 'not JSON' });
  const verdict = await retry('rejected/again/m-1', '{"command":"format_disk"}');
  expect(verdict).toMatchObject({ outcome: 'rejected', type: 'CommandNotAllowed' });
  expect(await engine.client.workflow.getHandle('rejected/again/m-1').describe()).toMatchObject({
    status: { name: 'RUNNING' },
  });
});

test('retried once more it is settled already', async () => {
  await held({ queue: 'twice', body: '{' });
  await retry('rejected/twice/m-1', GOOD);
  await endingOf('rejected/twice/m-1');
  await expect(retry('rejected/twice/m-1', GOOD)).rejects.toThrow('rejected/twice/m-1 is settled already');
});

test('two retries at once start one job, also of a message without an id', async () => {
  const body = 'x'.repeat(200_000);
  await held({ queue: 'race', messageId: null, body });
  const workflowId = `rejected/race/${shortHash(Buffer.from(body))}`;
  const outcomes = (await Promise.all([retry(workflowId, GOOD), retry(workflowId, GOOD)])).map((each) => each.outcome);
  expect(outcomes.sort()).toEqual(['duplicate', 'started']);
  expect(await endingOf(workflowId)).toBe('retried');
});

test('a large one that is mended by the configuration goes in as it was', async () => {
  const body = JSON.stringify(aBody({ command: 'turntable', parameters: { scene: 'x'.repeat(200_000) } }));
  await held({ queue: 'large', body });
  const { intake, store } = anIntake(engine.client, { allowCommands: ['turntable'] });
  const verdict = await retryRejected('rejected/large/m-1', undefined, { client: engine.client, intake, store });
  expect(verdict).toMatchObject({ outcome: 'started' });
  const { memo } = await engine.client.workflow.getHandle('job/large/m-1').describe();
  expect(memo).toMatchObject({ content_hash: sha256(body) });
});

test('a discarded message is held no longer, and held again when it comes again', async () => {
  await held({ queue: 'discarded', body: '{' });
  await cancelJob(engine.client, 'rejected/discarded/m-1');
  expect(await endingOf('rejected/discarded/m-1')).toBe('discarded');
  await held({ queue: 'discarded', body: '{' });
  expect(await engine.client.workflow.getHandle('rejected/discarded/m-1').describe()).toMatchObject({
    status: { name: 'RUNNING' },
  });
});

test('a job is no rejected message', async () => {
  await parts.intake.judge(aMessage({ queue: 'job' }), new AbortController().signal);
  await expect(retry('job/job/m-1', GOOD)).rejects.toThrow('job/job/m-1 is not a rejected message');
});
