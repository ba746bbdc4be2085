import { randomUUID } from 'node:crypto';

import type { WorkflowHandle } from '@temporalio/client';

import type { Asking } from '../../../cli/confirm.ts';
import { retry, type RetryOptions } from '../../../cli/retry.ts';
import type { JobInput } from '../../../lib/contract/job-input.ts';
import { aConfig } from '../../support/a-config.ts';
import { aJobEngine, blocked, refusing, type JobEngine } from '../../support/a-job-engine.ts';
import { aFolder } from '../../support/dqm-process.ts';
import { fakeActivities, type FakeActivities } from '../../support/fake-activities.ts';
import { silentLog } from '../../support/silent-log.ts';

const folder = aFolder();
let engine: JobEngine;

beforeAll(async () => {
  engine = await aJobEngine();
});
afterAll(async () => {
  await engine?.close();
  folder.remove();
});
afterEach(() => {
  process.exitCode = undefined;
});

const noTerminal: Asking = { isTerminal: false, ask: () => Promise.reject(new Error('asked')) };
/** A machine that does not see the store of the fakes. */
const elsewhere = aConfig({ dqm: `result_store file:///no/such/folder/${randomUUID()}` });

const retried = (
  ids: string[],
  options: RetryOptions = {},
  { config = elsewhere, json = false }: { config?: typeof elsewhere; json?: boolean } = {},
): Promise<string> =>
  engine.printed((deps) => retry(ids, options, deps, { config, log: silentLog }, noTerminal), { json });

/** Starts a job and waits for its bad end. */
async function aFailedJob(changes: Partial<JobInput> & { queue: string }, activities: FakeActivities) {
  const handle = await engine.start(changes);
  await engine.withHost(changes.queue, activities, () => handle.result().catch(() => undefined));
  return handle;
}

/** The end of the run that a retry has begun. */
const ended = (handle: WorkflowHandle) => engine.client.workflow.getHandle(handle.workflowId).result();

const uploadRefused = () =>
  fakeActivities({ s3_upload: refusing('TaskRejected', 's3_upload to s3://results: denied') });

test('a failed task goes on from the staged result: failed and remaining tasks, and no command', async () => {
  const refused = fakeActivities({ http_post: refusing('TaskUnavailable', 'gave up') });
  const handle = await aFailedJob({ queue: 'r-task' }, refused);
  const mended = fakeActivities();
  await engine.withHost('r-task', mended, async () => {
    expect(await retried([handle.workflowId])).toBe('job/r-task/chair-1: goes on with http_post, without a GPU\n');
    await ended(handle);
  });
  expect(mended.calls).toEqual(['http_post']);
  const view = await engine.show(handle);
  expect(view).toMatchObject({ job_id: 'chair-1', message_id: 'm-1', state: 'completed', gpu_seconds: 12.5 });
  const { memo } = await handle.describe();
  expect(memo).toMatchObject({ content_hash: 'abc', delivery_id: 'm-1' });
});

test.each(['BadRequest', 'CommandFailed', 'UnexpectedResult', 'Stalled', 'HostFault'])(
  'a command that failed as %s runs again',
  async (type) => {
    const queue = `r-${type}`;
    const handle = await aFailedJob({ queue }, fakeActivities({ runCommand: refusing(type, 'it failed') }));
    const mended = fakeActivities();
    await engine.withHost(queue, mended, async () => {
      expect(await retried([handle.workflowId])).toContain('runs its command again');
      await ended(handle);
    });
    expect(mended.calls).toEqual(['runCommand', 's3_upload', 'http_post']);
  },
);

test.each(['TaskRejected', 'TaskUnavailable'])(
  'a task that failed as %s is delivered, and a “no” is told',
  async (type) => {
    const queue = `r-${type}`;
    const handle = await aFailedJob({ queue }, fakeActivities({ s3_upload: refusing(type, 's3://results: denied') }));
    const mended = fakeActivities();
    await engine.withHost(queue, mended, async () => {
      const answer = await retried([handle.workflowId]);
      expect(answer.includes('the same message fails again; --body FILE corrects it')).toBe(type === 'TaskRejected');
      await ended(handle);
    });
    expect(mended.calls).toEqual(['s3_upload', 'http_post']);
  },
);

test('a job cancelled between two tasks goes on with the second', async () => {
  const handle = await engine.start({ queue: 'r-cancelled' });
  const stuck = fakeActivities({ http_post: blocked });
  await engine.withHost('r-cancelled', stuck, async () => {
    await engine.shown(handle, ({ tasks }) => tasks[1]?.state === 'running');
    await handle.cancel();
    await handle.result().catch(() => undefined);
  });
  const mended = fakeActivities();
  await engine.withHost('r-cancelled', mended, async () => {
    await retried([handle.workflowId]);
    await ended(handle);
  });
  expect(mended.calls).toEqual(['http_post']);
});

test('an open job has nothing to retry; a completed one only with --render, of a higher generation', async () => {
  const generations: number[] = [];
  const { runCommand } = fakeActivities();
  const counting = fakeActivities({
    runCommand: (input) => {
      generations.push((input as JobInput).generation);
      return runCommand(input);
    },
  });
  const handle = await engine.start({ queue: 'r-open' });
  expect(await retried([handle.workflowId])).toContain('waiting, nothing to retry');
  expect(process.exitCode).toBe(1);
  await engine.withHost('r-open', counting, async () => {
    await handle.result();
    expect(await retried([handle.workflowId])).toContain('completed, nothing to retry; --render renders it anew');
    expect(await retried([handle.workflowId], { render: true })).toContain('renders anew');
    await ended(handle);
    expect(await retried([handle.workflowId], { render: true })).toContain('renders anew');
    await ended(handle);
  });
  expect(generations).toEqual([0, 1, 2]);
});

test('of two retries at once one wins, the other says so', async () => {
  const handle = await aFailedJob({ queue: 'r-twice' }, uploadRefused());
  await engine.withHost('r-twice', fakeActivities({ s3_upload: blocked }), async () => {
    const answers = await Promise.all([retried([handle.workflowId]), retried([handle.workflowId])]);
    expect(answers.filter((answer) => answer.includes('goes on with s3_upload'))).toHaveLength(1);
    expect(answers.filter((answer) => /somebody else|nothing to retry/.test(answer))).toHaveLength(1);
    await engine.shown(handle, ({ tasks }) => tasks[0]?.state === 'running');
    await engine.client.workflow.getHandle(handle.workflowId).cancel();
    await engine.shown(handle, ({ ended }) => ended !== null);
  });
});

test('a message whose tasks are wrong fails again, so it is refused until --body corrects it', async () => {
  const wrong = [{ name: 's3_upload', config: { bucket: 'results' } }];
  const handle = await aFailedJob({ queue: 'r-wrong', tasks: wrong }, uploadRefused());
  const answer = await retried([handle.workflowId]);
  expect(answer).toMatch(/not retried: the same message would fail again: tasks\[0\]\.config\.key: .*--body FILE/);
  expect(process.exitCode).toBe(1);

  const body = folder.file(
    'corrected.json',
    JSON.stringify({
      command: 'render_product',
      parameters: { scene: 'chair.mi' },
      tasks: [{ name: 's3_upload', config: { bucket: 'results', key: 'chair.png' } }],
    }),
  );
  const mended = fakeActivities();
  await engine.withHost('r-wrong', mended, async () => {
    expect(await retried([handle.workflowId], { body })).toContain('goes on with s3_upload, without a GPU');
    await ended(handle);
  });
  expect(mended.calls).toEqual(['s3_upload']);
  const { memo } = await handle.describe();
  expect(memo).toMatchObject({ content_hash: 'abc', job_id: 'chair-1' });
});

test('a corrected message with other parameters runs the command', async () => {
  const handle = await aFailedJob({ queue: 'r-parameters' }, uploadRefused());
  const body = folder.file('other.json', '{"command":"render_product","parameters":{"scene":"table.mi"}}');
  const mended = fakeActivities();
  await engine.withHost('r-parameters', mended, async () => {
    expect(await retried([handle.workflowId], { body })).toContain('runs its command again');
    await ended(handle);
  });
  expect(mended.calls).toEqual(['runCommand']);
});

test.each([
  ['{"command":"format_disk"}', 'CommandNotAllowed: command: format_disk'],
  ['{"command":"render_product","dqm":{"job_id":"chair-2"}}', 'dqm.job_id: is chair-2, but a retried job keeps its id'],
  ['{', 'BadMessage: body: is not JSON'],
])('a correction that is none is refused: %s', async (text, reason) => {
  const handle = await aFailedJob({ queue: `r-${randomUUID()}` }, uploadRefused());
  await expect(retried([handle.workflowId], { body: folder.file('bad.json', text) })).rejects.toThrow(reason);
  expect(await engine.show(handle)).toMatchObject({ state: 'failed' });
});

test('a staged result that is gone is an error that says so', async () => {
  const handle = await aFailedJob({ queue: 'r-gone' }, uploadRefused());
  const config = aConfig({ dqm: `result_store file://${folder.path}` });
  expect(await retried([handle.workflowId], {}, { config })).toContain(
    'is gone from the result store; --render renders it anew',
  );
  expect(process.exitCode).toBe(1);
  expect(await engine.show(handle)).toMatchObject({ state: 'failed' });
});

test('what failed on one bucket is retried by filter, and the second time nothing is left', async () => {
  for (const jobId of ['a', 'b', 'c']) await aFailedJob({ queue: 'r-many', jobId }, uploadRefused());
  await engine.listed({ queue: 'r-many', state: 'failed' }, 3);
  const filter = { queue: 'r-many', error: 'TaskRejected', since: '1h' };
  await expect(retried([], filter)).rejects.toThrow('this would retry 3 jobs: say --yes');
  expect(await retried([], { ...filter, dryRun: true })).toMatch(/^([abc]: would retry\n){3}$/);
  await engine.withHost('r-many', fakeActivities(), async () => {
    const lines = (await retried([], { ...filter, yes: true }, { json: true })).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ outcome: 'retried', task: 's3_upload' }) as unknown),
    );
    await engine.listed({ queue: 'r-many', state: 'completed' }, 3);
  });
  expect(await retried([], { ...filter, yes: true })).toBe('No such jobs: nothing to retry.\n');
});

test.each([
  [['no-such-job'], {}, 'no job no-such-job'],
  [[], {}, 'say which jobs'],
  [[], { queue: 'nobody', body: '/nowhere.json' }, '--body corrects one job'],
])('%j with %j is refused', async (ids, options, reason) => {
  await expect(retried(ids, options)).rejects.toThrow(reason);
});
