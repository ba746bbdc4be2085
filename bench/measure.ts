import { performance } from 'node:perf_hooks';

import { median } from './statistics.ts';

/** One way to do a job: `run` ends when the job's result is known. */
export interface Rival {
  run(): Promise<void>;
}

export interface Rivals {
  dqm: Rival;
  bare: Rival;
  /** Events and bytes of the history of one finished job of ours. */
  history(): Promise<{ events: number; bytes: number }>;
}

export interface Rounds {
  rounds: number;
  idleJobs: number;
  busyJobs: number;
}

export interface BenchResults {
  rounds: number;
  /** Milliseconds from start to result of one job with nothing else to do: medians over rounds. */
  idleMs: { dqm: number; bare: number; ratio: number };
  /** With everything on this machine: medians over rounds. */
  jobsPerSecond: { dqm: number; bare: number; ratio: number };
  history: { events: number; bytes: number };
}

/** Turn by turn in one run, so that a machine that slows down slows both. Ratios are taken round by round. */
export async function measure(rivals: Rivals, { rounds, idleJobs, busyJobs }: Rounds): Promise<BenchResults> {
  const idle = { dqm: [] as number[], bare: [] as number[] };
  const busy = { dqm: [] as number[], bare: [] as number[] };
  await warmUp(rivals, idleJobs);
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes: the second finds caches warm and garbage to collect.
    const order = round % 2 === 0 ? (['dqm', 'bare'] as const) : (['bare', 'dqm'] as const);
    for (const name of order) idle[name].push(await idleMilliseconds(rivals[name], idleJobs));
    for (const name of order) busy[name].push(await jobsPerSecond(rivals[name], busyJobs));
  }
  return {
    rounds,
    idleMs: compared(idle),
    jobsPerSecond: compared(busy),
    history: await rivals.history(),
  };
}

async function warmUp({ dqm, bare }: Rivals, jobs: number): Promise<void> {
  for (const rival of [dqm, bare]) {
    await idleMilliseconds(rival, jobs);
    await jobsPerSecond(rival, jobs * 2);
  }
}

async function idleMilliseconds(rival: Rival, jobs: number): Promise<number> {
  const each: number[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const start = performance.now();
    await rival.run();
    each.push(performance.now() - start);
  }
  return median(each);
}

async function jobsPerSecond(rival: Rival, jobs: number): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: jobs }, () => rival.run()));
  return (jobs * 1_000) / (performance.now() - start);
}

function compared({ dqm, bare }: { dqm: number[]; bare: number[] }): { dqm: number; bare: number; ratio: number } {
  const ratios = dqm.map((value, round) => value / (bare[round] ?? Number.NaN));
  return { dqm: median(dqm), bare: median(bare), ratio: median(ratios) };
}
