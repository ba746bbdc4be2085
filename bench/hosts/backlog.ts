import { parseArgs } from 'node:util';

import { createLog } from '../../lib/log.ts';
import { gpuTaskQueue } from '../../lib/contract/names.ts';
import { processorMs, residentMb } from '../process-figures.ts';
import { runBench } from '../run-bench.ts';
import { percentile } from '../statistics.ts';

import { openBareFarm, type Farm } from './bare-farm.ts';
import { beatsCost } from './beats.ts';
import { enginePid } from './engine-process.ts';
import { openStage, QUEUE } from './stage.ts';
import { urgentWaits } from './urgent.ts';

/**
 * How long a new `highest` job waits for the only GPU, beside one of Temporal alone on the same engine, and how large the
 * processes are, with few and with many jobs open; then what the heartbeats of 100 hosts cost the engine:
 * `npm run bench:backlog -- --jobs 10000`.
 */
const { values } = parseArgs({ options: { jobs: { type: 'string', default: '10000' } } });
const FEW = 100;
const many = Number(values.jobs);
if (!Number.isInteger(many) || many <= FEW) throw new Error(`--jobs takes a whole number over ${FEW}`);
const URGENT_JOBS = 40;
/** Both compiled and connected, and all jobs taken, before anything counts. */
const WARM_UP = 5;
const HOSTS = 100;

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'hosts/backlog.json',
  open: async (bench) => {
    const stage = await openStage(bench);
    const { client } = stage;
    const { signal } = bench.opened;
    const jobWorker = await stage.startJobWorker();
    const host = await stage.host('gpu-01');
    const gpuWorker = await host.start();
    const dqm: Farm = {
      gpuTaskQueue: gpuTaskQueue(QUEUE),
      host,
      start: (parameters, priority) =>
        stage.submit({ command: 'sleep', parameters, ...(priority && { dqm: { priority } }) }),
    };
    const bare = await openBareFarm(stage, await stage.host('bare'), bench.opened);
    const engine = await enginePid(stage.engine.dataFolder);
    const pids = { engine, jobWorker: jobWorker.pid, gpuWorker: gpuWorker.pid };

    const measure = async (open: number): Promise<Figures> => {
      const farms = { dqm, bare };
      await urgentWaits(farms, { open, jobs: WARM_UP, client, signal });
      const calls = async (): Promise<number> => (await host.calls('sleep')).length;
      const before = { calls: await calls(), spent: each(pids, processorMs) };
      const waits = await urgentWaits(farms, { open, jobs: URGENT_JOBS, client, signal });
      const jobs = (await calls()) - before.calls;
      return {
        open,
        waitMs: { dqm: summary(waits.dqm), bare: summary(waits.bare) },
        processorMs: each(pids, (pid, name) => (processorMs(pid) - before.spent[name]) / jobs),
        residentMb: each(pids, residentMb),
      };
    };
    return async () => {
      const results = { few: await measure(FEW), many: await measure(many) };
      await gpuWorker.stop();
      return { ...results, beats: { hosts: HOSTS, coresOfEngine: await beatsCost(stage, HOSTS, engine) } };
    };
  },
  table,
});

type Pids = Record<'engine' | 'jobWorker' | 'gpuWorker', number>;

interface Waits {
  p50: number;
  p95: number;
}

interface Figures {
  /** Of each farm. */
  open: number;
  /** Of `highest` jobs, from their start to their command's. */
  waitMs: { dqm: Waits; bare: Waits };
  /** Of each job of ours that ended meanwhile, the engine's with as many bare ones. */
  processorMs: Pids;
  residentMb: Pids;
}

function summary(waitsMs: readonly number[]): Waits {
  const [p50 = 0, p95 = 0] = [50, 95].map((percent) => Math.round(percentile(waitsMs, percent)));
  return { p50, p95 };
}

function each(pids: Pids, look: (pid: number, name: keyof Pids) => number): Pids {
  return {
    engine: look(pids.engine, 'engine'),
    jobWorker: look(pids.jobWorker, 'jobWorker'),
    gpuWorker: look(pids.gpuWorker, 'gpuWorker'),
  };
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
    row('a highest job waits, p50 ms', few.waitMs.dqm.p50, many.waitMs.dqm.p50),
    row('p95', few.waitMs.dqm.p95, many.waitMs.dqm.p95),
    row('Temporal alone, p50 ms', few.waitMs.bare.p50, many.waitMs.bare.p50),
    row('p95', few.waitMs.bare.p95, many.waitMs.bare.p95),
    row('processor ms of a job: engine', few.processorMs.engine, many.processorMs.engine),
    row('job worker', few.processorMs.jobWorker, many.processorMs.jobWorker),
    row('GPU worker', few.processorMs.gpuWorker, many.processorMs.gpuWorker),
    row('GPU worker, MiB', few.residentMb.gpuWorker, many.residentMb.gpuWorker),
    row('job worker, MiB', few.residentMb.jobWorker, many.residentMb.jobWorker),
    row('engine, MiB', few.residentMb.engine, many.residentMb.engine),
    `\nHeartbeats of ${beats.hosts} hosts, one a second each: ${(beats.coresOfEngine * 100).toFixed(0)} % of one processor in the engine\n`,
  ].join('');
}
