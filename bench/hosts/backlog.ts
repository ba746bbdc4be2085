import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { Opened } from '../../cli/process.ts';
import { createLog } from '../../lib/log.ts';
import { activitiesWaiting } from '../../lib/task-queue.ts';
import { gpuTaskQueue } from '../../lib/contract/names.ts';
import { processorMs, residentMb } from '../process-figures.ts';
import { runBench } from '../run-bench.ts';
import { percentile } from '../statistics.ts';

import { beatsCost } from './beats.ts';
import { enginePid } from './engine-process.ts';
import { openStage, QUEUE, type Host, type Stage } from './stage.ts';

/**
 * How long a new `highest` job waits for the only GPU, and how large the processes are, with few and with many jobs open;
 * then what the heartbeats of 100 hosts cost the engine: `npm run bench:backlog -- --jobs 10000`.
 */
const { values } = parseArgs({ options: { jobs: { type: 'string', default: '10000' } } });
const FEW = 100;
const many = Number(values.jobs);
if (!Number.isInteger(many) || many <= FEW) throw new Error(`--jobs takes a whole number over ${FEW}`);
/** What waits: an urgent job waits for one of them at most. */
const COMMAND_MS = 200;
const URGENT_JOBS = 30;
const STARTS_AT_ONCE = 20;
/** The GPU takes some while they are counted. The same with few and with many: starting jobs is not what is measured. */
const MISSING = 10;
const HOSTS = 100;

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'hosts/backlog.json',
  open: async (bench) => {
    const stage = await openStage(bench);
    const jobWorker = await stage.startJobWorker();
    const host = await stage.host('gpu-01');
    const gpuWorker = await host.start();
    const pids = {
      engine: await enginePid(stage.engine.dataFolder),
      jobWorker: jobWorker.pid,
      gpuWorker: gpuWorker.pid,
    };
    return async () => {
      const few = await measure(FEW, stage, host, pids, bench.opened);
      const results = { few, many: await measure(many, stage, host, pids, bench.opened) };
      await gpuWorker.stop();
      return { ...results, beats: { hosts: HOSTS, coresOfEngine: await beatsCost(stage, HOSTS, pids.engine) } };
    };
  },
  table,
});

type Pids = Record<'engine' | 'jobWorker' | 'gpuWorker', number>;

interface Figures {
  open: number;
  /** Of `highest` jobs, from their start to their command's. */
  waitMs: { p50: number; p95: number };
  /** Of each job that ended meanwhile, whatever else the machine did. */
  processorMs: Pids;
  residentMb: Pids;
}

async function measure(open: number, stage: Stage, host: Host, pids: Pids, opened: Opened): Promise<Figures> {
  await fillUp(stage, open, opened);
  const waitsMs: number[] = [];
  const before = { calls: (await host.calls('sleep')).length, spent: each(pids, processorMs) };
  for (let urgent = 0; urgent < URGENT_JOBS; urgent += 1) {
    const mark = `${open}-${urgent}`;
    const submittedMs = Date.now();
    const parameters = { ms: 1, mark };
    const id = await stage.submit({ command: 'sleep', parameters, dqm: { priority: 'highest' } });
    await stage.client.workflow.getHandle(id).result();
    const call = (await host.calls('sleep')).find(({ body }) => body.includes(`"mark":"${mark}"`));
    waitsMs.push((call?.start ?? Number.NaN) - submittedMs);
    // What they took is small beside it, but of few jobs none must be missing.
    await fillUp(stage, open, opened);
  }
  const jobs = (await host.calls('sleep')).length - before.calls;
  const [p50, p95] = [50, 95].map((percent) => Math.round(percentile(waitsMs, percent)));
  return {
    open,
    waitMs: { p50: p50 ?? 0, p95: p95 ?? 0 },
    processorMs: each(pids, (pid, name) => (processorMs(pid) - before.spent[name]) / jobs),
    residentMb: each(pids, residentMb),
  };
}

function each(pids: Pids, look: (pid: number, name: keyof Pids) => number): Pids {
  return {
    engine: look(pids.engine, 'engine'),
    jobWorker: look(pids.jobWorker, 'jobWorker'),
    gpuWorker: look(pids.gpuWorker, 'gpuWorker'),
  };
}

/** Until about that many commands wait inside the engine: the GPU takes some meanwhile. */
async function fillUp(stage: Stage, open: number, { signal }: Opened): Promise<void> {
  for (;;) {
    const missing = open - (await activitiesWaiting(stage.client, gpuTaskQueue(QUEUE)));
    if (missing <= MISSING) return;
    for (let started = 0; started < missing; started += STARTS_AT_ONCE) {
      signal.throwIfAborted();
      const now = Math.min(STARTS_AT_ONCE, missing - started);
      const job = { command: 'sleep', parameters: { ms: COMMAND_MS } };
      await Promise.all(Array.from({ length: now }, () => stage.submit(job)));
    }
    await untilTaken(stage);
  }
}

/** Until job workers have scheduled what was started. */
async function untilTaken({ client }: Stage): Promise<void> {
  for (let before = -1; ;) {
    const now = await activitiesWaiting(client, gpuTaskQueue(QUEUE));
    if (now <= before) return;
    before = now;
    await delay(1_000);
  }
}

/** Markdown. */
function table({
  few,
  many,
  beats,
}: {
  few: Figures;
  many: Figures;
  beats: { hosts: number; coresOfEngine: number };
}): string {
  const row = (what: string, one: number, other: number): string =>
    `| ${what} | ${Math.round(one)} | ${Math.round(other)} | ${(other / one).toFixed(2)} |\n`;
  return [
    `| | ${few.open} open jobs | ${many.open} open jobs | |\n| --- | --- | --- | --- |\n`,
    row('a highest job waits, p50 ms', few.waitMs.p50, many.waitMs.p50),
    row('p95 ms', few.waitMs.p95, many.waitMs.p95),
    row('processor ms of a job: engine', few.processorMs.engine, many.processorMs.engine),
    row('job worker', few.processorMs.jobWorker, many.processorMs.jobWorker),
    row('GPU worker', few.processorMs.gpuWorker, many.processorMs.gpuWorker),
    row('GPU worker, MiB', few.residentMb.gpuWorker, many.residentMb.gpuWorker),
    row('job worker, MiB', few.residentMb.jobWorker, many.residentMb.jobWorker),
    row('engine, MiB', few.residentMb.engine, many.residentMb.engine),
    `\nHeartbeats of ${beats.hosts} hosts, one a second each: ${(beats.coresOfEngine * 100).toFixed(0)} % of one processor in the engine\n`,
  ].join('');
}
