import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';

import { startTrouble } from '../../../../bridges/engine.ts';
import { sha256 } from '../../../../lib/contract/ids.ts';
import type { JobInput, RejectedInput } from '../../../../lib/contract/job-input.ts';
import { REJECTED_WORKFLOW } from '../../../../lib/contract/names.ts';
import { DqmError, DqmMessageId, DqmQueue, DqmState, DqmTenant } from '../../../../lib/contract/search-attributes.ts';
import { listJobs } from '../../../../lib/jobs/list.ts';
import { StoreUnavailable } from '../../../../lib/results/store.ts';
import { readText } from '../../../../lib/results/text.ts';
import { aClock } from '../../../support/a-clock.ts';
import { aBody, aMessage, GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anIntake } from '../../../support/an-intake.ts';
import { until } from '../../../support/until.ts';

const never = new AbortController().signal;
let engine: TestNamespace;
let parts: ReturnType<typeof anIntake>;

/** Workflows of these tests, in place of a job: they end as they are told. */
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  const workflowsPath = require.resolve('../../../support/ending-workflow.ts');
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  engine = await aNamespace();
  parts = anIntake(engine.client);
});
afterAll(() => engine?.close());

const judge = (changes: Parameters<typeof aMessage>[0]) => parts.intake.judge(aMessage(changes), never);

/** The input that a workflow was started with. */
async function inputOf<T = JobInput>(workflowId: string): Promise<T> {
  const { events } = await engine.client.workflow.getHandle(workflowId).fetchHistory();
  const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as T;
}

test('the golden message becomes a workflow that holds every byte of it', async () => {
  const envelope = { transport: 'sqs' as const, attributes: { origin: { type: 'String', value: 'shop' } } };
  const verdict = await judge({ queue: 'golden', envelope });
  expect(verdict).toEqual({ outcome: 'started', workflowId: 'job/golden/m-1' });
  const run = await engine.client.workflow.getHandle('job/golden/m-1').describe();
  expect(run).toMatchObject({
    type: 'render_product',
    taskQueue: 'dqm-jobs',
    status: { name: 'RUNNING' },
    memo: {
      message_id: 'm-1',
      delivery_id: 'm-1',
      content_hash: sha256(GOLDEN_BODY),
      job_id: 'm-1',
    },
  });
  expect(await run.staticSummary()).toBe('render_product · golden');
  const attributes = [DqmQueue, DqmState, DqmMessageId, DqmTenant].map((key) => run.typedSearchAttributes.get(key));
  expect(attributes).toEqual(['golden', 'waiting', 'm-1', undefined]);
  expect(await inputOf('job/golden/m-1')).toEqual({
    version: 1,
    queue: 'golden',
    jobId: 'm-1',
    messageId: 'm-1',
    body: { text: GOLDEN_BODY },
    envelope,
    command: 'render_product',
    tasks: (JSON.parse(GOLDEN_BODY) as { tasks: unknown }).tasks,
    tenant: null,
    priority: null,
    limits: {
      commandTimeoutMs: 300_000,
      commandAttempts: 3,
      heartbeatTimeoutMs: 30_000,
      taskRetryWindowMs: 259_200_000,
    },
    deadLetter: false,
    reportsFailure: false,
    generation: 0,
    mayBeStaged: false,
  });
});

test('tenant and priority order the job and are seen in its summary', async () => {
  await judge({ queue: 'ordered', body: aBody({ dqm: { job_id: 'chair-1', priority: 'high', tenant: 'acme' } }) });
  const run = await engine.client.workflow.getHandle('job/ordered/chair-1').describe();
  expect(run.priority).toMatchObject({ priorityKey: 2, fairnessKey: 'acme' });
  expect(await run.staticSummary()).toBe('acme · render_product · ordered');
  expect(run.typedSearchAttributes.get(DqmTenant)).toBe('acme');
});

test('a body over 128 KiB lies in the result store, byte for byte', async () => {
  const body = JSON.stringify(aBody({ parameters: { scene: 'x'.repeat(200_000), name: 'Käthe' } }));
  expect(await judge({ queue: 'large', body })).toMatchObject({ outcome: 'started' });
  const input = await inputOf('job/large/m-1');
  expect(input.body).toEqual({ reference: expect.objectContaining({ sha256: sha256(body) }) });
  const reference = 'reference' in input.body ? input.body.reference : undefined;
  expect(await readText(parts.store, reference as NonNullable<typeof reference>, never)).toBe(body);
});

test('messages without an id are jobs of their own, told once', async () => {
  const first = await judge({ queue: 'no-id', messageId: null });
  const second = await judge({ queue: 'no-id', messageId: null });
  expect([first.outcome, second.outcome]).toEqual(['started', 'started']);
  expect(parts.log.events.filter(({ queue }) => queue === 'no-id')).toHaveLength(1);
});

test('whether an engine can store a start is tried with one that nobody runs and no list shows', async () => {
  expect(await startTrouble(engine.client)).toBeUndefined();
  expect(await startTrouble(engine.client)).toBeUndefined();
  const probe = engine.client.workflow.getHandle('dqm/probe');
  await until(async () => (await probe.describe()).status.name === 'TIMED_OUT');
  expect(await listJobs(engine.client, { limit: 50, command: 'dqm/probe' })).toEqual([]);
});

const other = JSON.stringify(aBody({ parameters: { scene: 'table.mi' } }));

test('while a job is open: the same content is a duplicate, other content a conflict', async () => {
  const queue = 'open';
  const attributes = { jobId: 'chair-1' };
  await judge({ queue, attributes });
  const workflowId = 'job/open/chair-1';
  expect(await judge({ queue, attributes })).toEqual({ outcome: 'duplicate', workflowId });
  expect(await judge({ queue, attributes, messageId: 'm-2' })).toEqual({ outcome: 'duplicate', workflowId });
  expect(await judge({ queue, attributes, messageId: 'm-2', body: other })).toEqual({
    outcome: 'rejected',
    type: 'IdentityConflict',
    reason: 'job chair-1 of this queue exists already and came from a message with other content',
    jobId: 'chair-1',
    messageId: 'm-2',
  });
});

test.each(['terminated', 'cancelled'] as const)(
  'a %s job: its message is a duplicate, another one runs again',
  async (how) => {
    const queue = how;
    const handle = engine.client.workflow.getHandle(`job/${queue}/m-1`);
    await judge({ queue });
    if (how === 'terminated') await handle.terminate();
    else await ended(handle, 'cancelled');
    expect(await judge({ queue })).toMatchObject({ outcome: 'duplicate' });
    const back = { queue, messageId: 'm-9', attributes: { originalMessageId: 'm-1' } };
    expect(await judge(back)).toMatchObject({ outcome: 'started' });
    expect(await inputOf(`job/${queue}/m-1`)).toMatchObject({ messageId: 'm-1', mayBeStaged: true });
    expect((await handle.describe()).memo).toMatchObject({ message_id: 'm-1', delivery_id: 'm-9' });
    expect(await judge(back)).toMatchObject({ outcome: 'duplicate' });
  },
);

test('a completed job: the same content is a duplicate, other content a conflict', async () => {
  const queue = 'completed';
  await judge({ queue });
  await ended(engine.client.workflow.getHandle('job/completed/m-1'), 'completed');
  expect(await judge({ queue, messageId: 'm-2', attributes: { jobId: 'm-1' } })).toMatchObject({
    outcome: 'duplicate',
  });
  expect(await judge({ queue, body: other })).toMatchObject({ outcome: 'rejected', type: 'IdentityConflict' });
});

test('a message that meets a failing run waits for its end, and then runs again', async () => {
  const queue = 'failing';
  const workflowId = `job/${queue}/m-1`;
  await judge({ queue });
  const release = await failing(workflowId);
  // Its end comes with the first pause of whoever waits for it.
  const { intake } = anIntake(engine.client, { clock: { ...aClock(), sleep: () => release() } });
  const verdict = await intake.judge(aMessage({ queue, messageId: 'm-2', attributes: { jobId: 'm-1' } }), never);
  expect(verdict).toEqual({ outcome: 'started', workflowId });
});

test('one whose failing run does not close within 60 s is given back, and intake goes on', async () => {
  const queue = 'stuck';
  await judge({ queue });
  const release = await failing(`job/${queue}/m-1`);
  const { intake } = anIntake(engine.client, { clock: aClock() });
  await intake.gate.whenOpen(never);
  const verdict = await intake.judge(aMessage({ queue, messageId: 'm-2', attributes: { jobId: 'm-1' } }), never);
  expect(verdict).toEqual({ outcome: 'unavailable', reason: 'job m-1 is ending and has not closed yet' });
  expect(intake.gate.isOpen).toBe(true);
  await release();
});

test('two bridges with one message start one job', async () => {
  const verdicts = await Promise.all(Array.from({ length: 8 }, () => judge({ queue: 'race' })));
  expect(verdicts.map(({ outcome }) => outcome).sort()).toEqual([...Array<string>(7).fill('duplicate'), 'started']);
});

test('what the engine itself refuses is a bad message, not one for later', async () => {
  const attributes = Object.fromEntries(
    [0, 1, 2].map((index) => [`a${index}`, { type: 'Binary', value: 'x'.repeat(1_000_000) }]),
  );
  const verdict = await judge({ queue: 'refused', envelope: { transport: 'sqs', attributes } });
  expect(verdict).toMatchObject({
    outcome: 'rejected',
    type: 'BadMessage',
    reason: expect.stringContaining('the engine refuses it'),
  });
});

test('a store that is away holds up large bodies until it answers, and no small ones', async () => {
  let isAway = true;
  const away = async () => Promise.reject(new StoreUnavailable('no space left'));
  const store = {
    ...parts.store,
    find: (...of: Parameters<typeof parts.store.find>) => (isAway ? away() : parts.store.find(...of)),
  };
  const clock = aClock();
  const { intake } = anIntake(engine.client, { clock, store });
  await intake.gate.whenOpen(never);
  const large = aMessage({ queue: 'store-away', body: aBody({ parameters: { scene: 'x'.repeat(200_000) } }) });
  expect(await intake.judge(large, never)).toEqual({ outcome: 'unavailable', reason: 'no space left' });
  expect(clock.now()).toBeGreaterThan(55_000);
  expect(intake.gate.isOpen).toBe(false);
  expect(await intake.judge(aMessage({ queue: 'store-away' }), never)).toMatchObject({ outcome: 'started' });
  isAway = false;
  await intake.gate.whenOpen(never);
  expect(await intake.judge({ ...large, messageId: 'm-2' }, never)).toMatchObject({ outcome: 'started' });
});

describe('a held message', () => {
  const rejection = { outcome: 'rejected', type: 'BadMessage', reason: 'body: is not JSON', jobId: undefined } as const;
  const hold = (queue: string, messageId: string | null, body: unknown) =>
    parts.deps.holdRejected(aMessage({ queue, messageId, body }), { ...rejection, messageId });

  test('lies in an open workflow with its bytes and the reason, once', async () => {
    await hold('held', 'm-1', Uint8Array.of(0x7b, 0xff));
    await hold('held', 'm-1', Uint8Array.of(0x7b, 0xff));
    const run = await engine.client.workflow.getHandle('rejected/held/m-1').describe();
    expect(run).toMatchObject({ type: REJECTED_WORKFLOW, memo: { message_id: 'm-1' }, status: { name: 'RUNNING' } });
    const attributes = [DqmQueue, DqmState, DqmError, DqmMessageId].map((key) => run.typedSearchAttributes.get(key));
    expect(attributes).toEqual(['held', 'rejected', 'BadMessage', 'm-1']);
    expect(await inputOf<RejectedInput>('rejected/held/m-1')).toEqual({
      version: 1,
      queue: 'held',
      messageId: 'm-1',
      deliveryId: 'm-1',
      body: { base64: 'e/8=' },
      envelope: { transport: 'direct' },
      error: { type: 'BadMessage', message: 'body: is not JSON' },
    });
  });

  test('with other bytes under an id that is open lies beside it', async () => {
    await hold('beside', 'm-1', 'one');
    await hold('beside', 'm-1', 'two');
    await hold('beside', 'm-1', 'two');
    const beside = `rejected/beside/m-1~${sha256('two').slice(0, 16)}`;
    expect(await inputOf<RejectedInput>(beside)).toMatchObject({
      body: { base64: Buffer.from('two').toString('base64') },
    });
  });

  test('without an id lies under a hash, and a large one in the result store', async () => {
    const body = 'x'.repeat(200_000);
    await hold('hashed', null, body);
    const input = await inputOf<RejectedInput>(`rejected/hashed/${sha256(body).slice(0, 16)}`);
    expect(input).toMatchObject({ messageId: null, body: { reference: { sha256: sha256(body) } } });
  });

  test('is held again when it comes after somebody had settled it', async () => {
    await hold('again', 'm-1', 'one');
    await engine.client.workflow.getHandle('rejected/again/m-1').terminate();
    await hold('again', 'm-1', 'one');
    expect(await engine.client.workflow.getHandle('rejected/again/m-1').describe()).toMatchObject({
      status: { name: 'RUNNING' },
    });
  });
});

/** Lets a worker bring the workflow to its end. */
async function ended(handle: WorkflowHandle, how: 'completed' | 'cancelled'): Promise<void> {
  if (how === 'cancelled') await handle.cancel();
  else await handle.signal('end', 'completed');
  await withWorker(() => handle.result().catch(() => undefined));
}

/** Lets the workflow say that it has failed, without closing; the result lets it close. */
async function failing(workflowId: string): Promise<() => Promise<void>> {
  const handle = engine.client.workflow.getHandle(workflowId);
  await handle.signal('end', 'failing');
  await withWorker(() => until(async () => (await handle.describe()).typedSearchAttributes.get(DqmState) === 'failed'));
  return async () => {
    if ((await handle.describe()).status.name !== 'RUNNING') return;
    await handle.signal('end', 'failed');
    await withWorker(() => handle.result().catch(() => undefined));
  };
}

async function withWorker<T>(during: () => Promise<T>): Promise<T> {
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: 'dqm-jobs',
    workflowBundle,
  });
  return worker.runUntil(during());
}
