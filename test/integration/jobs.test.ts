import { setTimeout as delay } from 'node:timers/promises';

import { activityInfo, ApplicationFailure, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

import { job } from '../../cli/job.ts';
import { jobs } from '../../cli/jobs.ts';
import type { JobInput } from '../../lib/contract/job-input.ts';
import { gpuTaskQueue, gpuWorkerIdentity, JOBS_TASK_QUEUE, REJECTED_WORKFLOW } from '../../lib/contract/names.ts';
import { DqmError, DqmMessageId, DqmQueue, DqmState, DqmTenant } from '../../lib/contract/search-attributes.ts';
import { findJob } from '../../lib/jobs/find.ts';
import type { JobRow, JobView } from '../../lib/jobs/job-view.ts';
import { listJobs } from '../../lib/jobs/list.ts';
import type { JobFilter } from '../../lib/jobs/query.ts';
import { readJob, showJob } from '../../lib/jobs/show.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { aJobInput, aStagedResult } from '../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { fakeActivities, type FakeActivities } from '../support/fake-activities.ts';
import { silentLog } from '../support/silent-log.ts';

jest.setTimeout(30_000);

const HOST = 'gpu-07';
const ui = { uiUrl: 'http://127.0.0.1:8233', namespace: '' };
/** What the activities of a job do, by its queue. */
const behaviours = new Map<string, FakeActivities>();

let engine: TestNamespace;
let jobWorker: Worker;
let worked: Promise<void>;

beforeAll(async () => {
  engine = await aNamespace();
  ui.namespace = engine.namespace;
  jobWorker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: await bundleWorkflows(silentLog),
    activities: { s3_upload: byQueue('s3_upload'), http_post: byQueue('http_post') },
    maxHeartbeatThrottleInterval: '100ms',
  });
  worked = jobWorker.run();
}, 60_000);

afterAll(async () => {
  jobWorker?.shutdown();
  await worked;
  await engine?.close();
});

/** A task's activity that does what the queue of its job says. */
const byQueue = (name: 's3_upload' | 'http_post') => (input: { variables: { queue_name: string } }) =>
  behaviours.get(input.variables.queue_name)?.[name](input);

/** Starts a job as a bridge does. */
function start(changes: Partial<JobInput> & { queue: string }): Promise<WorkflowHandle> {
  const input = aJobInput(changes);
  const { queue, jobId, messageId, tenant, priority } = input;
  return engine.client.workflow.start(input.command, {
    workflowId: `job/${queue}/${jobId}`,
    taskQueue: JOBS_TASK_QUEUE,
    args: [input],
    memo: { message_id: messageId, delivery_id: messageId, content_hash: 'abc', job_id: jobId, tenant, priority },
    typedSearchAttributes: [
      { key: DqmQueue, value: queue },
      { key: DqmState, value: 'waiting' },
      { key: DqmMessageId, value: messageId },
      ...(tenant === null ? [] : [{ key: DqmTenant, value: tenant }]),
    ],
  });
}

/** A render host of the queue, for as long as `during` takes. */
async function withHost<T>(queue: string, activities: FakeActivities, during: () => Promise<T>): Promise<T> {
  behaviours.set(queue, activities);
  const host = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: gpuTaskQueue(queue),
    identity: gpuWorkerIdentity(HOST, 1),
    activities: { runCommand: activities.runCommand },
    maxHeartbeatThrottleInterval: '100ms',
  });
  return host.runUntil(during());
}

/** An activity that is on its way until it is cancelled. */
async function blocked(): Promise<never> {
  for (;;) {
    heartbeat({ host: HOST, progress: 40 });
    await delay(100, undefined, { signal: cancellationSignal() });
  }
}

/** An activity that fails, and is tried again when the test is long over. */
const failing = (type: string, message: string) => () =>
  Promise.reject(ApplicationFailure.create({ type, message, nextRetryDelay: '1 hour' }));

/** A delivery that works at the third attempt. */
const deliveredAtLast = () =>
  activityInfo().attempt < 3
    ? Promise.reject(ApplicationFailure.create({ message: '503', nextRetryDelay: 1 }))
    : Promise.resolve({ destination: 'https://shop.example/store/chair.png' });

const show = ({ workflowId }: WorkflowHandle): Promise<JobView> => showJob(engine.client, workflowId, ui);

/** The job as soon as it is as wanted. */
async function shown(handle: WorkflowHandle, isWanted: (view: JobView) => boolean): Promise<JobView> {
  for (;;) {
    const view = await show(handle);
    if (isWanted(view)) return view;
    await delay(50);
  }
}

const listNow = (filter: JobFilter): Promise<JobRow[]> => listJobs(engine.client, { ...filter, limit: 10, ...ui });

/** Visibility learns of a job a moment after the engine has it. */
async function listed(filter: JobFilter, count = 1): Promise<JobRow[]> {
  for (;;) {
    const rows = await listNow(filter);
    if (rows.length === count) return rows;
    await delay(20);
  }
}

const found = (id: string, queues: string[]): Promise<string> => findJob(engine.client, id, queues);

/** Runs a command of ours and gives what it printed. */
async function printed(run: (deps: Parameters<typeof jobs>[1]) => Promise<void>, json = false): Promise<string> {
  let text = '';
  const output = { json, columns: 120, colour: false, write: (more: string) => void (text += more) };
  await run({ client: engine.client, queues: ['waiting', 'done'], ...ui, output, now: Date.now() });
  return text;
}

test('a job that no host has taken is waiting', async () => {
  const handle = await start({ queue: 'waiting', tenant: 'acme', priority: 2 });
  const view = await show(handle);
  expect(view).toEqual({
    job_id: 'chair-1',
    workflow_id: 'job/waiting/chair-1',
    run_id: expect.any(String),
    queue: 'waiting',
    command: 'render_product',
    state: 'waiting',
    message_id: 'm-1',
    tenant: 'acme',
    priority: 'high',
    host: null,
    attempt: null,
    progress: null,
    created: expect.any(String),
    started: null,
    ended: null,
    gpu_seconds: null,
    result: null,
    tasks: [
      { name: 's3_upload', state: 'waiting', attempts: 0, error: null, destination: null },
      { name: 'http_post', state: 'waiting', attempts: 0, error: null, destination: null },
    ],
    error: null,
    ui_url: `http://127.0.0.1:8233/namespaces/${engine.namespace}/workflows/job%2Fwaiting%2Fchair-1/${view.run_id}/history`,
  });
  expect(await listed({ queue: 'waiting' })).toMatchObject([{ state: 'waiting' }]);
  expect(await listNow({ queue: 'waiting', state: 'running' })).toEqual([]);
});

test('a job whose command is on a host is running there, with attempt and progress, also in the list', async () => {
  const handle = await start({ queue: 'running' });
  await withHost('running', fakeActivities({ runCommand: blocked }), async () => {
    const view = await shown(handle, ({ progress }) => progress !== null);
    expect(view).toMatchObject({ state: 'running', host: HOST, attempt: 1, progress: 40, started: expect.any(String) });
    const [row] = await listed({ queue: 'running', state: 'running' });
    expect(row).toMatchObject({ job_id: 'chair-1', state: 'running', host: HOST, started: view.started });
    expect(row).not.toHaveProperty('attempt');
    expect(await listNow({ queue: 'running', state: 'waiting' })).toEqual([]);
    await handle.cancel();
    await shown(handle, ({ ended }) => ended !== null);
  });
});

test('a command between two attempts waits, and says why', async () => {
  const handle = await start({ queue: 'back-off' });
  await withHost('back-off', fakeActivities({ runCommand: failing('HostFault', 'no licence') }), async () => {
    const view = await shown(handle, ({ attempt }) => attempt === 1);
    expect(view).toMatchObject({ state: 'waiting', host: null, started: null });
    const { pending } = await readJob(engine.client, handle.workflowId, ui);
    expect(pending).toMatchObject([{ failedOn: HOST, failure: { type: 'HostFault', message: 'no licence' } }]);
    expect(pending[0]?.nextAttemptAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  });
});

test('a job is delivering from its command to its last task', async () => {
  const handle = await start({ queue: 'delivering' });
  await withHost('delivering', fakeActivities({ http_post: failing('TaskUnavailable', '503') }), async () => {
    const view = await shown(handle, ({ tasks }) => tasks[1]?.attempts === 1);
    expect(view).toMatchObject({ state: 'delivering', host: HOST, gpu_seconds: 12.5, attempt: 1, ended: null });
    expect(view.result).toMatchObject({ uri: aStagedResult().uri, mime_type: 'image/png' });
    expect(view.tasks).toMatchObject([
      { state: 'completed', attempts: 1, destination: 's3://results/chair.png' },
      { state: 'waiting', attempts: 1, error: { type: 'TaskUnavailable', message: '503' }, destination: null },
    ]);
    await listed({ queue: 'delivering', state: 'delivering' });
    expect(await listNow({ queue: 'delivering', state: 'waiting' })).toEqual([]);
  });
});

test('a completed job has its result, its destinations and a time line', async () => {
  const handle = await start({ queue: 'done' });
  await withHost('done', fakeActivities({ http_post: deliveredAtLast }), () => handle.result());
  const { job: view, timeLine } = await readJob(engine.client, handle.workflowId, ui);
  expect(view).toMatchObject({ state: 'completed', ended: expect.any(String), error: null, attempt: 1 });
  expect(view.tasks).toMatchObject([
    { state: 'completed', attempts: 1, error: null },
    { state: 'completed', attempts: 3, error: null, destination: 'https://shop.example/store/chair.png' },
  ]);
  expect(timeLine.map(({ text }) => text)).toEqual([
    'received',
    'waiting for a render host',
    'started on gpu-07, attempt 1',
    'staged: image/png, 48213 bytes',
    's3_upload delivered to s3://results/chair.png',
    'http_post delivered to https://shop.example/store/chair.png, attempt 3',
    'completed',
  ]);
  const row = { state: 'completed', gpu_seconds: 12.5, host: HOST } as const;
  expect(await listed({ queue: 'done', state: row.state })).toMatchObject([row]);
});

test('a job whose task failed says which and why, and later tasks are skipped', async () => {
  const handle = await start({ queue: 'failed' });
  const refused = ApplicationFailure.create({ type: 'TaskRejected', message: 'no such bucket', nonRetryable: true });
  const activities = fakeActivities({ s3_upload: () => Promise.reject(refused) });
  await withHost('failed', activities, () => handle.result().catch(() => undefined));
  const view = await show(handle);
  expect(view).toMatchObject({
    state: 'failed',
    error: { type: 'TaskRejected', message: expect.stringContaining('no such bucket') },
    tasks: [
      { state: 'failed', attempts: 1, error: { type: 'TaskRejected', message: 'no such bucket' } },
      { state: 'skipped', attempts: 0, error: null },
    ],
  });
  expect(view.result).not.toBeNull();
  expect(await listed({ queue: 'failed', state: 'failed' })).toMatchObject([{ error: { type: 'TaskRejected' } }]);
});

test('a cancelled job is cancelled', async () => {
  const handle = await start({ queue: 'cancelled' });
  await handle.cancel();
  await handle.result().catch(() => undefined);
  const { job: view, timeLine } = await readJob(engine.client, handle.workflowId, ui);
  expect(view).toMatchObject({ state: 'cancelled', error: null, tasks: [{ state: 'skipped' }, { state: 'skipped' }] });
  expect(timeLine.map(({ text }) => text)).toContain('cancel requested');
  expect(await listed({ queue: 'cancelled', state: 'cancelled' })).toMatchObject([{ state: 'cancelled', error: null }]);
});

test('a terminated job counts as failed, not as waiting, although it says so', async () => {
  const handle = await start({ queue: 'terminated' });
  await handle.terminate('wrong scene');
  expect(await show(handle)).toMatchObject({ state: 'failed', error: { type: 'Terminated', message: 'wrong scene' } });
  const rows = await listed({ queue: 'terminated', state: 'failed' });
  expect(rows).toMatchObject([{ state: 'failed', error: { type: 'Terminated' } }]);
  expect(await listNow({ queue: 'terminated', state: 'waiting' })).toEqual([]);
});

test('a rejected message is listed until somebody has settled it', async () => {
  const { workflow } = engine.client;
  const handle = await workflow.start(REJECTED_WORKFLOW, {
    workflowId: 'rejected/held/m-9',
    taskQueue: JOBS_TASK_QUEUE,
    args: [{ version: 1, queue: 'held', messageId: 'm-9', error: { type: 'BadMessage', message: 'not JSON' } }],
    typedSearchAttributes: [
      { key: DqmQueue, value: 'held' },
      { key: DqmState, value: 'rejected' },
      { key: DqmError, value: 'BadMessage' },
    ],
  });
  expect(await show(handle)).toMatchObject({
    state: 'rejected',
    job_id: null,
    command: null,
    message_id: 'm-9',
    error: { type: 'BadMessage', message: 'not JSON' },
  });
  expect(await listed({ queue: 'held', state: 'rejected' })).toMatchObject([{ error: { type: 'BadMessage' } }]);
  expect(await findJob(engine.client, 'm-9', ['held'])).toBe('rejected/held/m-9');
  await handle.signal('settle', { outcome: 'discarded' });
  await handle.result();
  await listed({ queue: 'held' }, 0);
});

test('the list is bounded, and its newest row comes first', async () => {
  for (const jobId of ['a', 'b', 'c']) await start({ queue: 'many', jobId });
  await listed({ queue: 'many' }, 3);
  const newest = await listJobs(engine.client, { queue: 'many', state: 'waiting', limit: 2 });
  expect(newest.map(({ job_id }) => job_id)).toEqual(['c', 'b']);
});

test.each([`o'brien`, `x' OR DqmQueue = 'waiting`, 'a%b_c; -- d', ' Käthe 漢 '])(
  'a tenant is found by its exact name: %s',
  async (tenant) => {
    await start({ queue: 'tenants', jobId: `t${tenant.length}`, tenant });
    expect(await listed({ tenant })).toMatchObject([{ queue: 'tenants', tenant }]);
  },
);

test('a job is found by its workflow id, or by its identity in one of the queues', async () => {
  await start({ queue: 'here', jobId: 'chair-7' });
  expect(await found('job/here/chair-7', [])).toBe('job/here/chair-7');
  expect(await found('chair-7', ['elsewhere', 'here'])).toBe('job/here/chair-7');
  await expect(found('chair-7', ['elsewhere'])).rejects.toThrow('no job chair-7 in the queue elsewhere');
  await expect(found('', ['here'])).rejects.toThrow('no job');
  await start({ queue: 'there', jobId: 'chair-7' });
  await expect(found('chair-7', ['here', 'there'])).rejects.toThrow('job/here/chair-7, job/there/chair-7');
});

test('a workflow that is none of ours is no job', async () => {
  await engine.client.workflow.start('somebody', { workflowId: 'somebody-else', taskQueue: 'nobody' });
  await expect(showJob(engine.client, 'somebody-else', ui)).rejects.toThrow('not a job of a queue');
});

test('`dqm jobs` prints a table, and JSON lines of rows', async () => {
  await start({ queue: 'printed', jobId: 'chair-8' });
  await listed({ queue: 'printed' });
  expect(await printed((deps) => jobs({ queue: 'printed' }, deps))).toMatch(
    /^STATE .*\nwaiting +chair-8 +printed .*just now|s ago/,
  );
  const lines = (await printed((deps) => jobs({ queue: 'printed', limit: '5' }, deps), true)).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ job_id: 'chair-8', state: 'waiting' }]);
});

test.each([
  [{ state: 'walking' }, 'there is no such state'],
  [{ limit: '0' }, 'a whole number from 1'],
  [{ limit: 'ten' }, 'a whole number from 1'],
  [{ queue: `a' OR ''='` }, 'not the name of a queue'],
])('`dqm jobs` refuses %j', async (options, reason) => {
  await expect(printed((deps) => jobs(options, deps))).rejects.toThrow(reason);
});

test('`dqm job` prints a page, and one line of JSON', async () => {
  const { workflowId } = await start({ queue: 'waiting', jobId: 'chair-9' });
  while ((await readJob(engine.client, workflowId, ui)).pending.length === 0) await delay(50);
  const page = await printed((deps) => job('chair-9', {}, deps));
  expect(page).toContain('waits for a render host of the queue waiting');
  expect(JSON.parse(await printed((deps) => job('chair-9', {}, deps), true))).toMatchObject({ job_id: 'chair-9' });
});
