import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { inParallel } from '../lib/in-parallel.ts';
import { visibilityQuery, type JobFilter } from '../lib/jobs/query.ts';
import { createLog } from '../lib/log.ts';

import { runDqm } from './hosts/dqm-process.ts';
import { openStage, QUEUE, type Host, type Stage } from './hosts/stage.ts';
import { runBench } from './run-bench.ts';

/**
 * How long `dqm retry` takes over many jobs whose delivery was refused, until it has ended and until all are delivered,
 * on one machine with engine and workers: `npm run bench:retry -- --jobs 1000`.
 */
const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1000' } } });
const count = Number(values.jobs);
if (!Number.isInteger(count) || count < 1) throw new Error('--jobs takes a whole number over 0');
/** Missing until all jobs have failed for it. */
const LATE_BUCKET = 'late';
const AT_ONCE = 20;
const LOOK_MS = 250;

interface Results {
  jobs: number;
  retrySeconds: number;
  deliveredSeconds: number;
  /** Commands that ran once more; must be none. */
  renderedAgain: number;
}

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'retry.json',
  open: async (bench) => {
    const stage = await openStage(bench);
    await stage.startJobWorker();
    const host = await stage.host('gpu-01');
    await host.start();
    return () => measure(stage, host, join(bench.folder, 'intake.conf'));
  },
  table: ({ jobs, retrySeconds, deliveredSeconds, renderedAgain }) =>
    `dqm retry of ${jobs} jobs took ${retrySeconds.toFixed(1)} s, all were delivered after ${deliveredSeconds.toFixed(1)} s, ` +
    `${renderedAgain} were rendered again\n`,
});

async function measure(stage: Stage, host: Host, config: string): Promise<Results> {
  await failMany(stage);
  const rendered = (await host.calls('sleep')).length;
  await stage.createBucket(LATE_BUCKET);
  const startedMs = performance.now();
  const secondsSince = (): number => (performance.now() - startedMs) / 1_000;
  await runDqm(['retry', '--queue', QUEUE, '--error', 'TaskRejected', '--yes', '--config', config]);
  const retrySeconds = secondsSince();
  await untilAllAre(stage, 'completed');
  const deliveredSeconds = secondsSince();
  const renderedAgain = (await host.calls('sleep')).length - rendered;
  return { jobs: count, retrySeconds, deliveredSeconds, renderedAgain };
}

async function failMany(stage: Stage): Promise<void> {
  const config = { bucket: LATE_BUCKET, key: '${message_id}.${mime_ext}' };
  const job = { command: 'sleep', parameters: { ms: 1 }, tasks: [{ name: 's3_upload', config }] };
  await inParallel(Array.from({ length: count }), AT_ONCE, () => stage.submit(job));
  await untilAllAre(stage, 'failed');
}

/** And have ended. */
async function untilAllAre({ client }: Stage, state: JobFilter['state']): Promise<void> {
  const query = `${visibilityQuery({ queue: QUEUE, state })} AND ExecutionStatus != 'Running'`;
  while ((await client.workflow.count(query)).count < count) await delay(LOOK_MS);
}
