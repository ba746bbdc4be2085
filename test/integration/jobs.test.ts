import { setTimeout as delay } from 'node:timers/promises';

import { activityInfo, ApplicationFailure } from '@temporalio/activity';

import { job } from '../../cli/job.ts';
import { jobs } from '../../cli/jobs.ts';
import { JOBS_TASK_QUEUE, REJECTED_WORKFLOW } from '../../lib/contract/names.ts';
import { DqmError, DqmQueue, DqmState } from '../../lib/contract/search-attributes.ts';
import { findJob } from '../../lib/jobs/find.ts';
import { listJobs } from '../../lib/jobs/list.ts';
import { readJob, showJob } from '../../lib/jobs/show.ts';
import { aJobEngine, blocked, failing, HOST, refusing, type JobEngine } from '../support/a-job-engine.ts';
import { aStagedResult } from '../support/a-job-input.ts';
import { fakeActivities } from '../support/fake-activities.ts';

let engine: JobEngine;

beforeAll(async () => {
  engine = await aJobEngine();
});

afterAll(() => engine?.close());

/** A delivery that works at the third attempt. */
const deliveredAtLast = () =>
  activityInfo().attempt < 3
    ? Promise.reject(ApplicationFailure.create({ message: '503', nextRetryDelay: 1 }))
    : Promise.resolve({ destination: 'https://shop.example/store/chair.png' });

const found = (id: string, queues: string[]): Promise<string> => findJob(engine.client, id, queues);

test('a job that no host has taken is waiting', async () => {
  const handle = await engine.start({ queue: 'waiting', tenant: 'acme', priority: 2 });
  const view = await engine.show(handle);
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
    partial_results: [],
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
  expect(await engine.listed({ queue: 'waiting' })).toMatchObject([{ state: 'waiting' }]);
  expect(await engine.listNow({ queue: 'waiting', state: 'running' })).toEqual([]);
});

test('a job whose command is on a host is running there, with attempt and progress, also in the list', async () => {
  const handle = await engine.start({ queue: 'running' });
  await engine.withHost('running', fakeActivities({ runCommand: blocked }), async () => {
    const view = await engine.shown(handle, ({ progress }) => progress !== null);
    expect(view).toMatchObject({ state: 'running', host: HOST, attempt: 1, progress: 40, started: expect.any(String) });
    const [row] = await engine.listed({ queue: 'running', state: 'running' });
    expect(row).toMatchObject({ job_id: 'chair-1', state: 'running', host: HOST, started: view.started });
    expect(row).not.toHaveProperty('attempt');
    expect(await engine.listNow({ queue: 'running', state: 'waiting' })).toEqual([]);
    await handle.cancel();
    await engine.shown(handle, ({ ended }) => ended !== null);
  });
});

test('a command between two attempts waits, and says why', async () => {
  const handle = await engine.start({ queue: 'back-off' });
  await engine.withHost('back-off', fakeActivities({ runCommand: failing('HostFault', 'no licence') }), async () => {
    const view = await engine.shown(handle, ({ state, attempt }) => state === 'waiting' && attempt === 1);
    expect(view).toMatchObject({ host: null, started: null });
    const { pending } = await readJob(engine.client, handle.workflowId, engine.ui);
    expect(pending).toMatchObject([{ failedOn: HOST, failure: { type: 'HostFault', message: 'no licence' } }]);
    expect(pending[0]?.nextAttemptAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  });
});

test('a job is delivering from its command to its last task', async () => {
  const handle = await engine.start({ queue: 'delivering' });
  await engine.withHost('delivering', fakeActivities({ http_post: failing('TaskUnavailable', '503') }), async () => {
    const view = await engine.shown(handle, ({ tasks }) => tasks[1]?.error?.type !== undefined);
    expect(view).toMatchObject({ state: 'delivering', host: HOST, gpu_seconds: 12.5, attempt: 1, ended: null });
    expect(view.result).toMatchObject({ uri: aStagedResult().uri, mime_type: 'image/png' });
    expect(view.tasks).toMatchObject([
      { state: 'completed', attempts: 1, destination: 's3://results/chair.png' },
      { state: 'waiting', attempts: 1, error: { type: 'TaskUnavailable', message: '503' }, destination: null },
    ]);
    await engine.listed({ queue: 'delivering', state: 'delivering' });
    expect(await engine.listNow({ queue: 'delivering', state: 'waiting' })).toEqual([]);
  });
});

test('a completed job has its result, its destinations and a time line', async () => {
  const handle = await engine.start({ queue: 'done' });
  await engine.withHost('done', fakeActivities({ http_post: deliveredAtLast }), () => handle.result());
  const { job: view, timeLine } = await readJob(engine.client, handle.workflowId, engine.ui);
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
    'http_post delivered to https://shop.example/store/chair.png, attempt 3; the one before failed: TaskUnavailable: 503',
    'completed',
  ]);
  const row = { state: 'completed', gpu_seconds: 12.5, host: HOST } as const;
  expect(await engine.listed({ queue: 'done', state: row.state })).toMatchObject([row]);
});

test('a job whose task failed says which and why, and later tasks are skipped', async () => {
  const handle = await engine.start({ queue: 'failed' });
  const activities = fakeActivities({ s3_upload: refusing('TaskRejected', 'no such bucket') });
  await engine.withHost('failed', activities, () => handle.result().catch(() => undefined));
  const view = await engine.show(handle);
  expect(view).toMatchObject({
    state: 'failed',
    error: { type: 'TaskRejected', message: expect.stringContaining('no such bucket') },
    tasks: [
      { state: 'failed', attempts: 1, error: { type: 'TaskRejected', message: 'no such bucket' } },
      { state: 'skipped', attempts: 0, error: null },
    ],
  });
  expect(view.result).not.toBeNull();
  expect(await engine.listed({ queue: 'failed', state: 'failed' })).toMatchObject([
    { error: { type: 'TaskRejected' } },
  ]);
});

test('a cancelled job is cancelled', async () => {
  const handle = await engine.start({ queue: 'cancelled' });
  await handle.cancel();
  await handle.result().catch(() => undefined);
  const { job: view, timeLine } = await readJob(engine.client, handle.workflowId, engine.ui);
  expect(view).toMatchObject({ state: 'cancelled', error: null, tasks: [{ state: 'skipped' }, { state: 'skipped' }] });
  expect(timeLine.map(({ text }) => text)).toContain('cancel requested');
  expect(await engine.listed({ queue: 'cancelled', state: 'cancelled' })).toMatchObject([
    { state: 'cancelled', error: null },
  ]);
});

test('a terminated job counts as failed, not as waiting, although it says so', async () => {
  const handle = await engine.start({ queue: 'terminated' });
  await handle.terminate('wrong scene');
  expect(await engine.show(handle)).toMatchObject({
    state: 'failed',
    error: { type: 'Terminated', message: 'wrong scene' },
  });
  const rows = await engine.listed({ queue: 'terminated', state: 'failed' });
  expect(rows).toMatchObject([{ state: 'failed', error: { type: 'Terminated' } }]);
  expect(await engine.listNow({ queue: 'terminated', state: 'waiting' })).toEqual([]);
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
  expect(await engine.show(handle)).toMatchObject({
    state: 'rejected',
    job_id: null,
    command: null,
    message_id: 'm-9',
    error: { type: 'BadMessage', message: 'not JSON' },
  });
  expect(await engine.listed({ queue: 'held', state: 'rejected' })).toMatchObject([{ error: { type: 'BadMessage' } }]);
  expect(await findJob(engine.client, 'm-9', ['held'])).toBe('rejected/held/m-9');
  await handle.signal('settle', { outcome: 'discarded' });
  await handle.result();
  await engine.listed({ queue: 'held' }, 0);
});

test('the list is bounded, and its newest row comes first', async () => {
  for (const jobId of ['a', 'b', 'c']) await engine.start({ queue: 'many', jobId });
  await engine.listed({ queue: 'many' }, 3);
  const newest = await listJobs(engine.client, { queue: 'many', state: 'waiting', limit: 2 });
  expect(newest.map(({ job_id }) => job_id)).toEqual(['c', 'b']);
});

test.each([`o'brien`, `x' OR DqmQueue = 'waiting`, 'a%b_c; -- d', ' Käthe 漢 '])(
  'a tenant is found by its exact name: %s',
  async (tenant) => {
    await engine.start({ queue: 'tenants', jobId: `t${tenant.length}`, tenant });
    expect(await engine.listed({ tenant })).toMatchObject([{ queue: 'tenants', tenant }]);
  },
);

test('a job is found by its workflow id, or by its identity in one of the queues', async () => {
  await engine.start({ queue: 'here', jobId: 'chair-7' });
  expect(await found('job/here/chair-7', [])).toBe('job/here/chair-7');
  expect(await found('chair-7', ['elsewhere', 'here'])).toBe('job/here/chair-7');
  await expect(found('chair-7', ['elsewhere'])).rejects.toThrow('no job chair-7 in the queue elsewhere');
  await expect(found('', ['here'])).rejects.toThrow('no job');
  await engine.start({ queue: 'there', jobId: 'chair-7' });
  await expect(found('chair-7', ['here', 'there'])).rejects.toThrow('job/here/chair-7, job/there/chair-7');
});

test('the beginning of an id is enough while only one job begins so; else all are named', async () => {
  for (const jobId of ['2f81-a', '2f81-b', "it's 100% -x", 'x'.repeat(240)])
    await engine.start({ queue: 'begun', jobId });
  await engine.listed({ queue: 'begun' }, 4);
  expect(await found('2f81-a', ['begun'])).toBe('job/begun/2f81-a');
  expect(await found('job/begun/2f81-b', [])).toBe('job/begun/2f81-b');
  expect(await found("it's 1", ['begun'])).toBe("job/begun/it's 100% -x");
  expect(await found('xxxx', ['begun'])).toBe(`job/begun/${'x'.repeat(240)}`);
  await expect(found('2f81', ['begun'])).rejects.toThrow(
    /2f81 is ambiguous, say which: job\/begun\/2f81-[ab], job\/begun\/2f81-[ab]$/,
  );
  await expect(found('2f81"', ['begun'])).rejects.toThrow('no job 2f81"');
});

test('a workflow that is none of ours is no job', async () => {
  await engine.client.workflow.start('somebody', { workflowId: 'somebody-else', taskQueue: 'nobody' });
  await expect(showJob(engine.client, 'somebody-else', engine.ui)).rejects.toThrow('not a job of a queue');
});

test('`dqm jobs` prints a table, and JSON lines of rows', async () => {
  await engine.start({ queue: 'printed', jobId: 'chair-8' });
  await engine.listed({ queue: 'printed' });
  expect(await engine.printed((deps) => jobs({ queue: 'printed' }, deps))).toMatch(
    /^STATE .*\nwaiting +chair-8 +printed .*just now|s ago/,
  );
  const lines = (await engine.printed((deps) => jobs({ queue: 'printed', limit: '5' }, deps), { json: true }))
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ job_id: 'chair-8', state: 'waiting' }]);
});

test.each([
  [{ state: 'walking' }, 'there is no such state'],
  [{ limit: '0' }, 'a whole number from 1'],
  [{ limit: 'ten' }, 'a whole number from 1'],
  [{ queue: `a' OR ''='` }, 'not the name of a queue'],
])('`dqm jobs` refuses %j', async (options, reason) => {
  await expect(engine.printed((deps) => jobs(options, deps))).rejects.toThrow(reason);
});

test('`dqm job` prints a page, and one line of JSON', async () => {
  const { workflowId } = await engine.start({ queue: 'waiting', jobId: 'chair-9' });
  while ((await readJob(engine.client, workflowId, engine.ui)).pending.length === 0) await delay(50);
  const page = await engine.printed((deps) => job('chair-9', {}, deps), { queues: ['waiting'] });
  expect(page).toContain('waits for a render host of the queue waiting: none is ready');
  expect(
    JSON.parse(await engine.printed((deps) => job('chair-9', {}, deps), { json: true, queues: ['waiting'] })),
  ).toMatchObject({ job_id: 'chair-9' });
});

test('a retried job is one job: its failed run is listed no more, whatever is asked for', async () => {
  const handle = await engine.start({ queue: 'retried' });
  const refused = fakeActivities({ runCommand: refusing('CommandFailed', 'no such scene') });
  await engine.withHost('retried', refused, () => handle.result().catch(() => undefined));
  await engine.listed({ queue: 'retried', state: 'failed' });
  const again = await engine.show(await engine.start({ queue: 'retried' }));
  await engine.listed({ queue: 'retried', error: 'CommandFailed' }, 0);
  expect(await engine.listNow({ queue: 'retried', state: 'failed' })).toEqual([]);
  expect(await engine.listNow({ queue: 'retried' })).toMatchObject([{ run_id: again.run_id }]);
});
