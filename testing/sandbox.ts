import { setTimeout as delay } from 'node:timers/promises';

import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';

import type { JobInput } from '../lib/contract/job-input.ts';
import { errorText } from '../lib/log.ts';
import { bundleWorkflows } from '../workers/bundle.ts';

import { cachedBundle } from './bundle-cache.ts';
import type { FunctionPlace } from './chain-file.ts';
import type { TestEngine } from './engine.ts';
import { testLog } from './log.ts';
import { startTestWorker, type Activities, type TestWorker } from './worker.ts';

/** Of an engine, by the module as it was loaded: a closed engine has taken its workers along. */
const workers = new WeakMap<Promise<TestEngine>, Map<string, Promise<TestWorker>>>();

/** The worker of the module that a chain stands in, with the kit and a clock that skips waits. */
export async function workerOf({ file, script }: FunctionPlace, engine: Promise<TestEngine>): Promise<TestWorker> {
  const ofEngine = workers.get(engine) ?? new Map<string, Promise<TestWorker>>();
  workers.set(engine, ofEngine);
  const known = ofEngine.get(script);
  if (known && !(await known).isStopped) return known;
  const worker = startWorker(file, engine);
  ofEngine.set(script, worker);
  return worker;
}

async function startWorker(file: string, starting: Promise<TestEngine>): Promise<TestWorker> {
  const [engine, bundle] = await Promise.all([starting, bundleFile(file)]);
  return startTestWorker(engine, bundle);
}

async function bundleFile(file: string): Promise<WorkflowBundleWithSourceMap> {
  const said: string[] = [];
  const log = { ...testLog, warn: (message: string) => void said.push(message) };
  const interceptors = 'workflows/testing/skipped-time';
  try {
    return await cachedBundle(file, (watch) => bundleWorkflows(log, { chainsModule: file, interceptors, watch }));
  } catch (error) {
    const text = [`${file} cannot be loaded into the sandbox`, ...(said.length > 0 ? said : [errorText(error)])];
    throw new Error(text.join('\n'), { cause: error });
  }
}

export interface SandboxRun {
  engine: TestEngine;
  worker: TestWorker;
  /** Of this run alone. */
  activities: Activities;
  input: JobInput;
  /** Aborted when the test has given up; its reason is why. */
  signal: AbortSignal;
}

/** What the chain gives. Rejects with the engine's error when it failed, and when it cannot go on. */
export async function runInSandbox(run: SandboxRun): Promise<unknown> {
  try {
    return await runOn(run);
  } catch (error) {
    // A chain that never rests blocks its worker, and Node does not survive that for long.
    if (!(error instanceof WorkflowFailedError)) await run.worker.stop();
    throw error;
  }
}

function runOn(run: SandboxRun): Promise<unknown> {
  const { worker, activities, input, signal } = run;
  const { client } = run.engine;
  const workflowId = `job/test/${input.jobId}`;
  return worker.during(workflowId, activities, async () => {
    const job = await client.workflow.start(input.command, { workflowId, taskQueue: worker.taskQueue, args: [input] });
    try {
      const result = await Promise.race([job.result(), untilStuck(job, signal)]);
      await replay(job, run);
      return result;
    } catch (error) {
      if (error instanceof WorkflowFailedError) await replay(job, run);
      else await job.terminate('the test has given up').catch(() => undefined);
      throw error;
    }
  });
}

const LOOK_EVERY_MS = 250;
/** Temporal's numbers for a step that something overtook, as an answer or a decision: the next try has it. */
const CONFLICTS: readonly number[] = [
  1, // unhandled command
  31, // unhandled update
];

/** The engine tries again and again what the chain's code cannot do; a test is to say so at once. */
async function untilStuck(job: WorkflowHandle, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
    const { events } = await job.fetchHistory();
    const failed = events
      ?.map((event) => event.workflowTaskFailedEventAttributes)
      .find((attributes) => attributes && !CONFLICTS.includes(Number(attributes.cause)));
    if (failed) throw new Error(`the chain cannot go on: ${failed.failure?.message ?? 'its code failed'}`);
  }
}

/** Workers come and go while a real job runs: each goes on from the history alone. */
async function replay(job: WorkflowHandle, { worker, input }: SandboxRun): Promise<void> {
  try {
    await worker.replay(await job.fetchHistory(), job.workflowId);
  } catch (error) {
    if (!(error instanceof DeterminismViolationError)) throw error;
    const why = `${input.command} does not do the same when it runs again, so a restart of the job worker would break it`;
    throw new Error(`${why}: ${error.message}`, { cause: error });
  }
}
