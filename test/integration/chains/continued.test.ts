import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';

import { startSimulatorProcess, type SimulatorProcess } from '../../../lib/servers/simulator.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { anEngine } from '../../support/an-engine.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

/** `DQM_CONTINUED_FRAMES=2000` gives the whole, at the engine's own limits, which takes minutes. */
const whole = process.env['DQM_CONTINUED_FRAMES'];
const FRAMES = Number(whole ?? 280);
/** The engine suggests a new history at so many events; its own default is 4,096. */
const SUGGESTED_AT = whole === undefined ? 300 : 4_096;
const MOST_EVENTS = 10_000;
const MOST_BYTES = 10 * 1024 * 1024;
const TIME_LIMIT_MS = 120_000 + FRAMES * 600;

/** Frames that end one by one: each takes 100 ms and a little more, by chance. */
const CHAINS = `
import { command, inParallel, progress, type ChainJob } from 'durable-queue-manager/chains';

export async function animation({ parameters }: ChainJob<{ frames: number; name: string }>) {
  let done = 0;
  const frames = Array.from({ length: parameters.frames }, (_, n) => n);
  await inParallel(frames, { atMost: 6 }, async (frame) => {
    await command('sleep', { ms: 100 + Math.floor(Math.random() * 50), frame, name: parameters.name });
    progress((100 * (done += 1)) / frames.length);
  });
  return done;
}
`;

let engine: Awaited<ReturnType<typeof anEngine>>;
let farm: Farm;
let simulators: SimulatorProcess[];
let configFile: string;
let jobWorker: DqmProcess;

beforeAll(async () => {
  engine = await anEngine([`limit.historyCount.suggestContinueAsNew=${SUGGESTED_AT}`]);
  farm = await aFarm(undefined, engine.address);
  simulators = await Promise.all([1, 2].map(() => startSimulatorProcess({ env: process.env })));
  mkdirSync(join(farm.folder.path, 'chains'));
  farm.folder.file('chains/index.ts', CHAINS);
  configFile = farm.config('continued.conf', {
    allow: ['animation'],
    dqm: ['chains_module ./chains/index.ts', ...simulators.map(({ url }) => `realityserver_url ${url}`)],
  });
  startDqm(['worker', 'gpu', '--config', configFile]);
  await startJobWorker();
});

afterAll(async () => {
  await killAll();
  await Promise.all((simulators ?? []).map((simulator) => simulator.stop()));
  await farm?.close();
  await engine?.stop();
});

async function startJobWorker(): Promise<void> {
  jobWorker = startDqm(['worker', 'jobs', '--config', configFile]);
  await jobWorker.said('Job worker started');
}

async function killJobWorker(): Promise<void> {
  await jobWorker.stop('SIGKILL');
  await startJobWorker();
}

async function startAnimation(name: string, frames = FRAMES): Promise<WorkflowHandle> {
  const body = JSON.stringify({ command: 'animation', parameters: { frames, name } });
  const submit = ['submit', '--queue', 'local', '--job-id', name, '--config', configFile, '-'];
  expect(await dqm(submit, { input: body })).toMatchObject({ exitCode: 0 });
  return farm.engine.client.workflow.getHandle(`job/local/${name}`);
}

/** What the simulators were asked for, by frame. */
async function framesOf(name: string): Promise<number[]> {
  const urls = [farm.simulator, ...simulators].map(({ url }) => url);
  const calls = (await Promise.all(urls.map((url) => farm.calls('sleep', url)))).flat();
  const asked = calls.map(({ body }) => (JSON.parse(body) as { params: { frame: number; name: string } }).params);
  return asked.filter((each) => each.name === name).map(({ frame }) => frame);
}

/** Each run of the job, from the first to the last: one for each history. */
async function runsOf(job: WorkflowHandle) {
  const runs: { events: number; bytes: number }[] = [];
  let runId = (await job.describe()).raw.workflowExecutionInfo?.firstRunId;
  while (runId) {
    const run = job.client.getHandle(job.workflowId, runId);
    const { historyLength, historySize } = await run.describe();
    runs.push({ events: historyLength, bytes: historySize ?? 0 });
    const ending = (await run.fetchHistory()).events?.at(-1);
    runId = ending?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}

async function hasGoneOn(job: WorkflowHandle): Promise<boolean> {
  const { runId, raw } = await job.describe();
  return runId !== raw.workflowExecutionInfo?.firstRunId;
}

test(
  'a job worker that is killed before and after a chain goes on in a new history costs no render',
  async () => {
    const job = await startAnimation('killed');
    await until(async () => (await job.describe()).historyLength > SUGGESTED_AT);
    await killJobWorker();
    await until(() => hasGoneOn(job));
    await killJobWorker();
    expect(await job.result()).toBe(FRAMES);
    const frames = await framesOf('killed');
    expect(new Set(frames).size).toBe(FRAMES);
    expect(frames).toHaveLength(FRAMES);
    const runs = await runsOf(job);
    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...runs.map(({ events }) => events))).toBeLessThan(MOST_EVENTS);
    expect(Math.max(...runs.map(({ bytes }) => bytes))).toBeLessThan(MOST_BYTES);
  },
  TIME_LIMIT_MS,
);

test(
  'a cancel reaches a chain that goes on in a new history, and nothing more begins',
  async () => {
    // So many that it is not over before the cancel arrives.
    const asked = FRAMES * 5;
    const job = await startAnimation('cancelled', asked);
    await until(() => hasGoneOn(job));
    expect(await dqm(['cancel', 'cancelled', '--config', configFile])).toMatchObject({ exitCode: 0 });
    await expect(job.result()).rejects.toThrow('Workflow execution cancelled');
    const frames = await framesOf('cancelled');
    expect(frames.length).toBeLessThan(asked);
    expect(new Set(frames).size).toBe(frames.length);
  },
  TIME_LIMIT_MS,
);
