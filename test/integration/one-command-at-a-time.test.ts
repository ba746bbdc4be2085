import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { JobInput, StagedResult } from '../../lib/contract/job-input.ts';
import { JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { DqmQueue } from '../../lib/contract/search-attributes.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { aJobInput } from '../support/a-job-input.ts';
import { killAll, startDqm, type DqmProcess } from '../support/dqm-process.ts';
import { until } from '../support/until.ts';

let farm: Farm;
let store: string;

beforeAll(async () => {
  farm = await aFarm();
  store = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  const worker = startDqm(['worker', 'jobs', '--config', farm.config('jobs.conf', { dqm: [`result_store ${store}`] })]);
  await worker.said('Job worker started');
});

afterEach(() => farm.simulate('sim_faults', { clear: true }));
afterAll(async () => {
  await killAll();
  await farm?.close();
  rmSync(store, { recursive: true, force: true });
});

/** Twice as long as any command of the audit, also on a busy machine: no overlap at all is allowed. */
const ABANDONED_WAIT = '3s';
const LONGEST_COMMAND_MS = 1_500;
const COMMAND_TIMEOUT_MS = 900;
/** What no busy machine reaches. */
const A_MINUTE_MS = 60_000;

const aHost = (queue: string, { host = 'gpu-01', dqm = [] }: { host?: string; dqm?: string[] } = {}): DqmProcess =>
  startDqm([
    'worker',
    'gpu',
    '--config',
    farm.config(`${queue}-${host}.conf`, {
      listenQueue: queue,
      host,
      data: `data-${queue}-${host}`,
      dqm: [
        `result_store ${store}`,
        `abandoned_wait ${ABANDONED_WAIT}`,
        'drain_timeout 500ms',
        '<user queue>',
        `name ${queue}`,
        '</user>',
        ...dqm,
      ],
    }),
  ]);

let started = 0;

/** For commands that no time-out of ours may end. */
const PATIENT = { heartbeatTimeoutMs: A_MINUTE_MS, commandTimeoutMs: 2 * A_MINUTE_MS };

interface JobChanges {
  tasks?: JobInput['tasks'];
  jobId?: string;
  limits?: Partial<JobInput['limits']>;
}

function startJob(queue: string, command: string, parameters: object, changes: JobChanges = {}) {
  started += 1;
  const body = { text: JSON.stringify({ command, parameters: { ...parameters, mark: `${queue}-${started}` } }) };
  const own = {
    heartbeatTimeoutMs: 2_000,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    commandAttempts: 9,
    ...changes.limits,
  };
  const limits = { ...aJobInput().limits, ...own };
  return farm.engine.client.workflow.start(command, {
    workflowId: `job/${queue}/${started}`,
    taskQueue: JOBS_TASK_QUEUE,
    typedSearchAttributes: [{ key: DqmQueue, value: queue }],
    args: [aJobInput({ queue, command, body, tasks: [], ...changes, limits })],
  });
}

/** A seeded source of numbers from 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** CI looks for half a minute; `DQM_AUDIT_SECONDS=180` for longer, and says what it saw. */
const AUDIT_MS = Number(process.env['DQM_AUDIT_SECONDS'] ?? 30) * 1_000;
const SEED = Number(process.env['DQM_AUDIT_SEED'] ?? 7);

test(
  `the simulator never sees two commands at once, whatever is killed, cancelled or too slow (seed ${SEED})`,
  async () => {
    const queue = 'audit';
    const next = random(SEED);
    const jobs: Awaited<ReturnType<typeof startJob>>[] = [];
    const seen: Call[] = [];
    const disturbed: Record<string, number> = {};
    const callsSoFar = async (): Promise<number> => seen.length + (await callsOf(queue)).length;
    let host = aHost(queue);
    let callsBefore = 0;
    const endMs = Date.now() + AUDIT_MS;
    // On a busy machine a host may start for as long as all of that takes.
    while (Date.now() < endMs || (await callsSoFar()) <= 5) {
      const command = next() < 0.8 ? 'sleep' : 'big_result';
      // Some are longer than their command_timeout: they are given up, and go on.
      const ms = Math.round(next() * LONGEST_COMMAND_MS * (next() < 0.5 ? 0.2 : 1));
      jobs.push(await startJob(queue, command, command === 'sleep' ? { ms } : { bytes: 100_000 }));
      // Each host gets to a command before it is disturbed, however long it starts.
      await until(async () => (await callsSoFar()) > callsBefore);
      const disturbance = drawn(next());
      disturbed[disturbance] = (disturbed[disturbance] ?? 0) + 1;
      switch (disturbance) {
        case 'cancel':
          await jobs[Math.floor(next() * jobs.length)]?.cancel();
          break;
        case 'kill':
        case 'stop':
          await host.stop(disturbance === 'kill' ? 'SIGKILL' : 'SIGTERM');
          callsBefore = await callsSoFar();
          host = aHost(queue);
          break;
        case 'stall':
          host.child.kill('SIGSTOP');
          await delay(2_500 * next());
          host.child.kill('SIGCONT');
          break;
        case 'broken connection':
          await farm.simulate('sim_faults', { command: 'big_result', kind: 'close' });
          break;
        case 'restarted RealityServer':
          seen.push(...(await callsOf(queue)));
          await farm.restartSimulator();
          break;
        case 'nothing':
          break;
        default:
          disturbance satisfies never;
      }
      await delay(1_500 * next());
    }
    await host.stop('SIGKILL');
    seen.push(...(await callsOf(queue)));
    if (process.env['DQM_AUDIT_SECONDS']) {
      process.stdout.write(`${jobs.length} jobs, ${seen.length} calls, ${JSON.stringify(disturbed)}\n`);
    }
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.filter(({ overlap }) => overlap)).toEqual([]);
  },
  AUDIT_MS + 300_000,
);

type Call = Awaited<ReturnType<Farm['calls']>>[number];

type Disturbance = 'cancel' | 'kill' | 'stop' | 'stall' | 'broken connection' | 'restarted RealityServer' | 'nothing';

/** Of a number from 0 to 1. */
function drawn(chance: number): Disturbance {
  if (chance < 0.15) return 'cancel';
  if (chance < 0.2) return 'kill';
  if (chance < 0.25) return 'stop';
  if (chance < 0.32) return 'stall';
  if (chance < 0.4) return 'broken connection';
  return chance < 0.43 ? 'restarted RealityServer' : 'nothing';
}

test('a cancel reaches the running command within two seconds, however long its heartbeat timeout is', async () => {
  const queue = 'cancels';
  const host = aHost(queue, { dqm: ['<user command>', 'name sleep', 'cancel_command stop_render', '</user>'] });
  await host.said('RealityServer is ready');
  const waysMs: number[] = [];
  const cancelsMs: number[] = [];
  for (const nth of [0, 1, 2]) {
    const startMs = Date.now();
    const job = await startJob(queue, 'sleep', { ms: 600_000 }, { limits: PATIENT });
    const { start } = await until(async () => (await callsOf(queue))[nth]);
    const cancelMs = Date.now();
    await job.cancel();
    await expect(job.result()).rejects.toThrow('Workflow execution cancelled');
    const end = await until(async () => (await callsOf(queue))[nth]?.end ?? undefined);
    waysMs.push(start - startMs);
    cancelsMs.push(end - cancelMs);
  }
  // A beat a second, and on a busy machine the way from here to a GPU and back; the SDK would hold beats back for 48 s.
  expect(Math.min(...cancelsMs)).toBeLessThan(2_000 + 5 * Math.max(...waysMs));
  expect(Math.max(...cancelsMs)).toBeLessThan(A_MINUTE_MS / 2);
  // The stopped command's connection ends with the answer of stop_render: either is seen first.
  const { how } = await host.said('A command that was given up is over');
  expect(how).toMatch(/^(stop_render stopped it|its connection ended)$/);
  await host.stop();
});

test('a host that is frozen past its heartbeat timeout and thaws neither publishes over the winner nor delivers beside it', async () => {
  const queue = 'frozen';
  await farm.simulate('sim_faults', {
    command: 'big_result',
    kind: 'wrong_type',
    mime_type: 'text/plain',
    after_ms: 4_000,
  });
  const frozen = aHost(queue, { host: 'gpu-frozen' });
  const task = { name: 'http_post', config: { postback_uri: `${farm.postbackUrl}frozen` } };
  const limits = { commandTimeoutMs: A_MINUTE_MS };
  const job = await startJob(queue, 'big_result', { bytes: 50_000 }, { tasks: [task], jobId: 'frozen', limits });
  await until(async () => (await callsOf(queue)).length === 1);
  frozen.child.kill('SIGSTOP');

  const winner = aHost(queue, { host: 'gpu-winner' });
  const result = (await job.result()) as StagedResult;
  expect(result.mimeType).toBe('application/octet-stream');
  await winner.stop();

  // What the frozen host had asked for is there when it thaws; it takes the next job, and ends when it is through with both.
  await until(async () => (await callsOf(queue)).every(({ end }) => end !== null));
  frozen.child.kill('SIGCONT');
  await (await startJob(queue, 'big_result', { bytes: 1_000 }, { limits })).result();
  expect(await frozen.stop()).toBe(0);
  expect(farm.posts.filter(({ path }) => path === '/frozen').map(({ headers }) => headers['content-type'])).toEqual([
    'application/octet-stream',
  ]);
  const reference = readFileSync(new URL('reference.json', result.uri), 'utf8');
  expect(JSON.parse(reference)).toMatchObject({ mimeType: 'application/octet-stream', sha256: result.sha256 });
});

test('a host that is asked to stop hands its command to another one at once', async () => {
  const queue = 'handed-over';
  const leaving = aHost(queue, { host: 'gpu-leaving' });
  await farm.simulate('sim_faults', { command: 'big_result', kind: 'hang' });
  const job = await startJob(queue, 'big_result', { bytes: 1_000 }, { limits: PATIENT });
  await until(async () => (await callsOf(queue)).length === 1);
  const staying = aHost(queue, { host: 'gpu-staying' });
  await staying.said('RealityServer is ready');
  const startMs = Date.now();
  expect(await leaving.stop()).toBe(0);
  await until(async () => (await callsOf(queue)).length === 2);
  // Its drain_timeout is half a second, and cancelling has three more at most; nobody waited for the heartbeat timeout.
  expect(Date.now() - startMs).toBeLessThan(A_MINUTE_MS / 2);
  await job.result();
  await staying.stop();
});

test('with progress over the WebSocket a job tells how far its command is', async () => {
  const queue = 'progress';
  const host = aHost(queue, { dqm: ['progress websocket'] });
  const job = await startJob(queue, 'sleep', { ms: 20_000 }, { limits: PATIENT });
  const { client, namespace } = farm.engine;
  const seen = await until(async () => {
    const { progress } = await showJob(client, job.workflowId, { uiUrl: null, namespace });
    return progress !== null && progress;
  });
  expect(seen).toBeGreaterThanOrEqual(10);
  await job.cancel();
  await host.stop('SIGKILL');
});

const callsOf = async (queue: string) =>
  [...(await farm.calls('sleep')), ...(await farm.calls('big_result'))].filter(({ body }) =>
    body.includes(`"${queue}-`),
  );
