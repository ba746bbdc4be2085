import { cancel } from '../../../cli/cancel.ts';
import { cancelJob } from '../../../lib/jobs/cancel.ts';
import { JOBS_TASK_QUEUE, REJECTED_WORKFLOW } from '../../../lib/contract/names.ts';
import { DqmError, DqmQueue, DqmState } from '../../../lib/contract/search-attributes.ts';
import type { Asking } from '../../../cli/confirm.ts';
import type { PickOptions } from '../../../cli/pick-jobs.ts';
import { aJobEngine, blocked, failing, refusing, type JobEngine } from '../../support/a-job-engine.ts';
import { fakeActivities } from '../../support/fake-activities.ts';

let engine: JobEngine;

beforeAll(async () => {
  engine = await aJobEngine();
});
afterAll(() => engine?.close());
afterEach(() => {
  process.exitCode = undefined;
});

/** Nobody sits there. */
const noTerminal: Asking = { isTerminal: false, ask: () => Promise.reject(new Error('asked')) };
const aPersonSaying = (answer: string) => {
  const questions: string[] = [];
  const ask = (question: string) => (questions.push(question), Promise.resolve(answer));
  return { questions, isTerminal: true, ask };
};

const cancelled = (ids: string[], options: PickOptions = {}, asking = noTerminal, json = false): Promise<string> =>
  engine.printed((deps) => cancel(ids, options, deps, asking), { json, queues: ['c-waits', 'c-ends', 'c-beside'] });

test('a job that waits is cancelled, and the second time it says so', async () => {
  const handle = await engine.start({ queue: 'c-waits', jobId: 'w-1' });
  expect(await cancelled(['w-1'])).toBe('w-1: cancelled while waiting\n');
  await engine.shown(handle, ({ state }) => state === 'cancelled');
  expect(await cancelled(['w-1'])).toMatch(/^w-1: cancelled .*, nothing to cancel\n$/);
  expect(process.exitCode).toBeUndefined();
});

test('a job on a GPU is cancelled there; asked twice, the second time nothing more is done', async () => {
  const handle = await engine.start({ queue: 'c-runs' });
  await engine.withHost('c-runs', fakeActivities({ runCommand: blocked }), async () => {
    await engine.shown(handle, ({ state }) => state === 'running');
    const name = 'job/c-runs/chair-1';
    const answers = [await cancelled([name]), await cancelled([name])];
    expect(answers[0]).toBe(`${name}: cancelled while running on gpu-07, which lets go of it within seconds\n`);
    expect(answers[1]).toMatch(/cancelling was asked for before|nothing to cancel/);
    await engine.shown(handle, ({ state, ended }) => state === 'cancelled' && ended !== null);
  });
});

test('a job that delivers is cancelled; what was delivered stays', async () => {
  const handle = await engine.start({ queue: 'c-delivers' });
  const activities = fakeActivities({ http_post: failing('TaskUnavailable', 'shop.example answered 503') });
  await engine.withHost('c-delivers', activities, async () => {
    await engine.shown(handle, ({ tasks }) => tasks[1]?.error?.type === 'TaskUnavailable');
    expect(await cancelled(['job/c-delivers/chair-1'])).toContain('cancelled while delivering; what was delivered');
    const view = await engine.shown(handle, ({ ended }) => ended !== null);
    expect(view).toMatchObject({ state: 'cancelled', tasks: [{ state: 'completed' }, { state: 'cancelled' }] });
  });
});

test('a job that has ended is told when and how, and exit code 1', async () => {
  const done = await engine.start({ queue: 'c-ends', jobId: 'done' });
  await engine.withHost('c-ends', fakeActivities(), () => done.result());
  expect(await cancelled(['done'])).toMatch(/^done: completed (just now|\d+ s ago), nothing to cancel\n$/);
  expect(process.exitCode).toBe(1);
});

test('a failed job has nothing to cancel either', async () => {
  const failed = await engine.start({ queue: 'c-fails' });
  const activities = fakeActivities({ runCommand: refusing('CommandFailed', 'no such scene') });
  await engine.withHost('c-fails', activities, () => failed.result().catch(() => undefined));
  const [line] = (await cancelled(['job/c-fails/chair-1'], {}, noTerminal, true)).split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ state: 'failed', outcome: 'ended', ended: expect.any(String) });
});

test('a rejected message is discarded by name, not by a filter that does not say so', async () => {
  const held = await engine.client.workflow.start(REJECTED_WORKFLOW, {
    workflowId: 'rejected/c-held/m-9',
    taskQueue: JOBS_TASK_QUEUE,
    args: [{ version: 1, queue: 'c-held', messageId: 'm-9', error: { type: 'BadMessage', message: 'not JSON' } }],
    typedSearchAttributes: [
      { key: DqmQueue, value: 'c-held' },
      { key: DqmState, value: 'rejected' },
      { key: DqmError, value: 'BadMessage' },
    ],
  });
  await engine.listed({ queue: 'c-held' });
  expect(await cancelled([], { queue: 'c-held', yes: true })).toBe('No such jobs: nothing to cancel.\n');
  expect(await cancelled(['rejected/c-held/m-9'])).toContain('the rejected message is discarded');
  expect(await held.result()).toBe('discarded');
});

test('more than one job is asked about on a terminal, and needs --yes elsewhere; a dry run does nothing', async () => {
  for (const jobId of ['a', 'b', 'c']) await engine.start({ queue: 'c-many', jobId });
  await engine.listed({ queue: 'c-many' }, 3);
  await expect(cancelled([], { queue: 'c-many' })).rejects.toThrow('this would cancel 3 jobs: say --yes');
  expect(await cancelled([], { queue: 'c-many', dryRun: true })).toMatch(/^([abc]: would cancel\n){3}$/);
  const person = aPersonSaying('');
  expect(await cancelled([], { queue: 'c-many' }, person)).toBe('');
  expect(person.questions).toEqual(['Cancel 3 jobs? [y/N] ']);
  expect(await engine.listNow({ queue: 'c-many', state: 'waiting' })).toHaveLength(3);
  expect(await cancelled([], { queue: 'c-many' }, aPersonSaying('y'))).toMatch(
    /^([abc]: cancelled while waiting\n){3}$/,
  );
});

test('jobs picked because they wait are left alone once they run', async () => {
  const handle = await engine.start({ queue: 'c-changed' });
  await engine.withHost('c-changed', fakeActivities({ runCommand: blocked }), async () => {
    await engine.shown(handle, ({ state }) => state === 'running');
    expect(await cancelJob(engine.client, handle.workflowId, 'waiting')).toMatchObject({ outcome: 'changed' });
    await handle.cancel();
    await engine.shown(handle, ({ ended }) => ended !== null);
  });
});

test.each([
  [['w-1'], { queue: 'c-waits' }, 'either IDs or filters'],
  [[], {}, 'say which jobs'],
  [['no-such-job'], {}, 'no job no-such-job'],
  [[], { since: 'yesterday' }, '--since yesterday: a duration'],
])('%j with %j is refused and nothing is cancelled', async (ids, options, reason) => {
  await expect(cancelled(ids, options)).rejects.toThrow(reason);
});
