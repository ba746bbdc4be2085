import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';

import { JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { aJobInput } from '../support/a-job-input.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { killAll, startDqm, type DqmProcess } from '../support/dqm-process.ts';
import { until } from '../support/until.ts';

let farm: Farm;
let jobWorker: DqmProcess;

beforeAll(async () => {
  farm = await aFarm();
  jobWorker = startDqm([
    'worker',
    'jobs',
    '--config',
    farm.config('jobs.conf', { dqm: [`result_store ${storeOf('jobs')}`] }),
  ]);
  await jobWorker.said('Job worker started');
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const storeOf = (name: string): string => join(farm.folder.path, `store-${name}`);

/** A store is away while a file stands where its folder belongs: nothing can be read or written below it. */
const takeAway = (store: string): void => writeFileSync(store, '');
const bringBack = (store: string): void => {
  rmSync(store);
  mkdirSync(store);
};

/** Each test has a queue of its own, so that no host takes another test's command. */
function aHost(name: string, dqm: string[] = []): DqmProcess {
  const lines = [
    `result_store ${storeOf(name)}`,
    'max_staging_jobs 3',
    'abandoned_wait 1s',
    '<user queue>',
    `name ${name}`,
    '</user>',
    ...dqm,
  ];
  return startDqm([
    'worker',
    'gpu',
    '--config',
    farm.config(`${name}.conf`, { listenQueue: name, dqm: lines, data: `data-${name}` }),
  ]);
}

/** Where a host is killed, the engine should notice it while the test looks. */
const SOON_SILENT_MS = 5_000;
/** Elsewhere a busy machine must not pass for a dead host: the engine would give its command to another one. */
const NEVER_SILENT_MS = 120_000;

/** A command whose bytes tell it from every other. */
async function startJob(
  queue: string,
  command = 'big_result',
  extra: Record<string, unknown> = {},
  heartbeatTimeoutMs = NEVER_SILENT_MS,
): Promise<WorkflowHandle> {
  const parameters = { bytes: 1_000, seed: Math.floor(Math.random() * 1e9), ...extra };
  const limits = { ...aJobInput().limits, heartbeatTimeoutMs };
  const body = { text: JSON.stringify({ command, parameters }) };
  const input = aJobInput({ queue, command, body, tasks: [], limits });
  return farm.engine.client.workflow.start(command, {
    workflowId: `job/${queue}/${randomUUID()}`,
    taskQueue: JOBS_TASK_QUEUE,
    args: [input],
  });
}

/** Calls of one test's jobs: they are told by their bodies. */
const callsOf = async (command: string, mark: string) =>
  (await farm.calls(command)).filter(({ body }) => body.includes(mark));

test('a result store that is away costs no second render, and the GPU goes on', async () => {
  const store = storeOf('away');
  takeAway(store);
  const host = aHost('away');
  const jobs = await Promise.all([1, 2, 3].map(() => startJob('away', 'big_result', { mark: 'store-away' })));
  // The permit came back with the last byte: all three were rendered while none could be stored.
  await until(async () => (await callsOf('big_result', 'store-away')).filter(({ end }) => end !== null).length === 3);
  for (const job of jobs) expect((await job.describe()).status.name).toBe('RUNNING');
  bringBack(store);
  await Promise.all(jobs.map((job) => job.result()));
  const calls = await callsOf('big_result', 'store-away');
  expect(calls).toHaveLength(3);
  expect(calls.some(({ overlap }) => overlap)).toBe(false);
  expect(await host.stop()).toBe(0);
});

test('a host that is killed in mid-command costs one repetition, and the job ends', async () => {
  const host = aHost('killed');
  const job = await startJob('killed', 'sleep', { ms: 3_000, mark: 'mid-command' }, SOON_SILENT_MS);
  await until(async () => (await callsOf('sleep', 'mid-command')).length === 1);
  await host.stop('SIGKILL');
  const again = aHost('killed');
  await job.result();
  expect(await callsOf('sleep', 'mid-command')).toHaveLength(2);
  await again.stop();
});

test('a host that is killed with a complete result delivers it when it comes back, and renders nothing', async () => {
  const store = storeOf('complete');
  takeAway(store);
  const host = aHost('complete');
  const job = await startJob('complete', 'big_result', { mark: 'killed-complete' }, SOON_SILENT_MS);
  await host.said('Result store unreachable, the result waits on this host');
  await host.stop('SIGKILL');
  bringBack(store);
  const again = aHost('complete');
  await again.said('Result of an earlier process published');
  await job.result();
  expect(await callsOf('big_result', 'killed-complete')).toHaveLength(1);
  await again.stop();
});

test('a worker that is asked to stop finishes its command first', async () => {
  const host = aHost('drained');
  const job = await startJob('drained', 'sleep', { ms: 1_500, mark: 'drained' });
  await until(async () => (await callsOf('sleep', 'drained')).length === 1);
  expect(await host.stop()).toBe(0);
  await job.result();
  expect(await callsOf('sleep', 'drained')).toHaveLength(1);
});

test('a cancelled job leaves its host, which takes the next command', async () => {
  const host = aHost('cancelled');
  const job = await startJob('cancelled', 'sleep', { ms: 60_000, mark: 'cancelled' });
  await until(async () => (await callsOf('sleep', 'cancelled')).length === 1);
  await job.cancel();
  await expect(job.result()).rejects.toThrow(WorkflowFailedError);
  expect((await job.describe()).status.name).toBe('CANCELLED');
  await (await startJob('cancelled')).result();
  await host.stop();
});

test('a command that is not on the host’s own list is not run there, whoever started the workflow', async () => {
  const host = aHost('lists');
  const job = await startJob('lists', 'format_disk', { mark: 'lists' });
  await expect(job.result()).rejects.toThrow(WorkflowFailedError);
  expect(await farm.calls('format_disk')).toHaveLength(0);
  await host.stop();
});

test('a command that fails is run as often as it may, and its own failure fails the job', async () => {
  const host = aHost('failing');
  await farm.simulate('sim_faults', { command: 'echo', kind: 'error_code', message: 'no such scene', times: 9 });
  const job = await startJob('failing', 'echo', { mark: 'failing' });
  await expect(job.result()).rejects.toMatchObject({
    cause: { type: 'CommandFailed', message: expect.stringContaining('no such scene') as string },
  });
  expect(await callsOf('echo', 'failing')).toHaveLength(3);
  await farm.simulate('sim_faults', { clear: true });
  await host.stop();
});

test('a host that breaks connections does not use up the attempts of a job', async () => {
  const host = aHost('broken');
  await farm.simulate('sim_faults', { command: 'big_result', kind: 'close', times: 2 });
  const job = await startJob('broken', 'big_result', { mark: 'broken' });
  await job.result();
  expect(await callsOf('big_result', 'broken')).toHaveLength(3);
  await host.stop();
});

test('a host holds 150 MiB at most, and hardly grows while a result of 300 MB passes', async () => {
  const host = aHost('large');
  await (await startJob('large')).result();
  const pid = String(host.child.pid);
  writeFileSync(`/proc/${pid}/clear_refs`, '5'); // the peak is counted anew
  const rest = memoryOf(pid, 'VmRSS');
  expect(rest).toBeLessThan(150 * 1024);
  await (await startJob('large', 'big_result', { bytes: 300_000_000 })).result();
  expect(memoryOf(pid, 'VmHWM') - rest).toBeLessThan(40 * 1024);
  await host.stop();
});

/** In KiB. */
const memoryOf = (pid: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
