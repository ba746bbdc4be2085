import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Client, Connection } from '@temporalio/client';

import { jobs, type JobsOptions } from '../cli/jobs.ts';
import type { Opened } from '../cli/process.ts';
import { workflowIdFor } from '../lib/contract/ids.ts';
import { DqmQueue, DqmState } from '../lib/contract/search-attributes.ts';
import { inParallel } from '../lib/in-parallel.ts';
import { createLog } from '../lib/log.ts';

import { runDqm } from './hosts/dqm-process.ts';
import { enginePid } from './hosts/engine-process.ts';
import { openStage, QUEUE, type Stage } from './hosts/stage.ts';
import { processorMs } from './process-figures.ts';
import { runBench } from './run-bench.ts';
import { percentile } from './statistics.ts';

/**
 * How long `dqm jobs` takes over many jobs, a tenth of them failed and one, the newest, running; what it asks the engine:
 * `npm run bench:jobs -- --jobs 10000`.
 */
const { values } = parseArgs({ options: { jobs: { type: 'string', default: '10000' } } });
const count = Number(values.jobs);
if (!Number.isInteger(count) || count < 1_000) throw new Error('--jobs takes a whole number from 1000');
const FAILED_OF_TEN = 1;
const AT_ONCE = 20;
const ROUNDS = 7;
/** Longer than the bench. */
const RUNNING_MS = 3_600_000;

const LOOKS: Record<string, JobsOptions> = {
  'dqm jobs': {},
  'dqm jobs --limit 1000': { limit: '1000' },
  'dqm jobs --state running': { state: 'running' },
  'dqm jobs --state failed': { state: 'failed' },
};

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'jobs.json',
  open: async ({ folder, log, opened }) => {
    const stage = await openStage({ folder, log, opened });
    await stage.startJobWorker();
    await (await stage.host('gpu-01')).start();
    return async () => {
      await startMany(stage.client, opened);
      const running = await startRunning(stage, opened);
      const figures = await measure(await enginePid(stage.engine.dataFolder), folder);
      const found = await run(['jobs', '--state', 'running', '--json'], folder);
      if (!found.includes(`"workflow_id":"${running}"`)) throw new Error('the running job was not found');
      const asked = await countCalls(stage);
      const rows = Object.keys(LOOKS).map((look) => ({ look, ...figures[look], ...asked[look] }) as Row);
      return { jobs: count, failed: (count * FAILED_OF_TEN) / 10, running: 1, rows };
    };
  },
  table: ({ rows }) => table(rows),
});

interface Timed {
  /** From the start of the process to its end. */
  secondsP50: number;
  secondsP95: number;
  /** Of the engine's processor, at each call. */
  engineMs: number;
}

interface Asked {
  visibilityQueries: number;
  /** Others. */
  calls: number;
}

interface Row extends Timed, Asked {
  look: string;
}

/** Nobody works on them: they wait as those do that wait for a host. */
async function startMany(client: Client, { signal }: Opened): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  await inParallel(numbers, AT_ONCE, async (number) => {
    signal.throwIfAborted();
    const jobId = `many-${number}`;
    const handle = await client.workflow.start('sleep', {
      workflowId: workflowIdFor(QUEUE, jobId),
      taskQueue: 'nobody',
      memo: { message_id: jobId, delivery_id: jobId, content_hash: jobId, job_id: jobId, tenant: null, priority: null },
      typedSearchAttributes: [
        { key: DqmQueue, value: QUEUE },
        { key: DqmState, value: 'waiting' },
      ],
    });
    if (number % 10 < FAILED_OF_TEN) await handle.terminate();
  });
}

async function startRunning(stage: Stage, { signal }: Opened): Promise<string> {
  const workflowId = await stage.submit({ command: 'sleep', parameters: { ms: RUNNING_MS } });
  const isRunning = async (): Promise<boolean> => {
    const { raw } = await stage.client.workflow.getHandle(workflowId).describe();
    return raw.pendingActivities?.some(({ lastStartedTime }) => lastStartedTime) === true;
  };
  while (!(await isRunning())) await delay(100, undefined, { signal });
  return workflowId;
}

async function measure(pid: number, folder: string): Promise<Record<string, Timed>> {
  const looks = Object.keys(LOOKS).map((look) => ({ look, seconds: [] as number[], engineMs: [] as number[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { look, seconds, engineMs } of looks) {
      const [startedMs, spentMs] = [performance.now(), processorMs(pid)];
      await run(look.split(' ').slice(1), folder);
      seconds.push((performance.now() - startedMs) / 1_000);
      engineMs.push(processorMs(pid) - spentMs);
    }
  }
  return Object.fromEntries(
    looks.map(({ look, seconds, engineMs }) => [
      look,
      {
        secondsP50: percentile(seconds, 50),
        secondsP95: percentile(seconds, 95),
        engineMs: percentile(engineMs, 50),
      },
    ]),
  );
}

const run = (args: readonly string[], folder: string): Promise<string> =>
  runDqm([...args, '--config', join(folder, 'intake.conf')]);

/** In this process, where each call of the engine can be seen. */
async function countCalls({ client, engine }: Stage): Promise<Record<string, Asked>> {
  const names: string[] = [];
  const connection = await Connection.connect({
    address: engine.address,
    interceptors: [
      (options, nextCall) => {
        names.push(options.method_definition.path.split('/').at(-1) ?? '');
        return nextCall(options) as never;
      },
    ],
  });
  const { namespace } = client.options;
  const output = { json: false, isTerminal: false, columns: 120, colour: false, write: () => undefined };
  const deps = { client: new Client({ connection, namespace }), namespace, queues: [QUEUE], uiUrl: null, output };
  const asked: Record<string, Asked> = {};
  for (const [look, options] of Object.entries(LOOKS)) {
    names.length = 0;
    await jobs(options, { ...deps, remember: () => undefined, now: Date.now() });
    const visibilityQueries = names.filter((name) => /^(List|Count)WorkflowExecutions$/.test(name)).length;
    asked[look] = { visibilityQueries, calls: names.length - visibilityQueries };
  }
  await connection.close();
  return asked;
}

/** Markdown. */
function table(rows: readonly Row[]): string {
  return [
    `| over ${count} jobs | s, p50 | p95 | visibility queries | other calls | processor ms of the engine |\n`,
    '| --- | --- | --- | --- | --- | --- |\n',
    ...rows.map(
      ({ look, secondsP50, secondsP95, visibilityQueries, calls, engineMs }) =>
        `| \`${look}\` | ${secondsP50.toFixed(2)} | ${secondsP95.toFixed(2)} | ${visibilityQueries} | ${calls} | ${Math.round(engineMs)} |\n`,
    ),
  ].join('');
}
