import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';

import type { JobInput } from '../lib/contract/job-input.ts';
import { errorText } from '../lib/log.ts';
import { bundleWorkflows } from '../workers/bundle.ts';

import type { FunctionPlace } from './chain-file.ts';
import type { TestEngine } from './engine.ts';
import { testLog } from './log.ts';

const bundles = new Map<string, Promise<WorkflowBundleWithSourceMap>>();

/** The module that a chain stands in, with the kit and a clock that skips waits. Once for each module. */
export function bundleOf({ file, script }: FunctionPlace): Promise<WorkflowBundleWithSourceMap> {
  const known = bundles.get(script);
  if (known) return known;
  const bundle = bundleFile(file);
  bundles.set(script, bundle);
  return bundle;
}

async function bundleFile(file: string): Promise<WorkflowBundleWithSourceMap> {
  const said: string[] = [];
  const log = { ...testLog, warn: (message: string) => void said.push(message) };
  try {
    return await bundleWorkflows(log, file, 'workflows/testing/skipped-time');
  } catch (error) {
    const text = [`${file} cannot be loaded into the sandbox`, ...(said.length > 0 ? said : [errorText(error)])];
    throw new Error(text.join('\n'), { cause: error });
  }
}

export interface SandboxRun {
  engine: TestEngine;
  workflowBundle: WorkflowBundleWithSourceMap;
  /** Of this run alone. */
  activities: object;
  input: JobInput;
  /** Aborted when the test has given up; its reason is why. */
  signal: AbortSignal;
}

/** What the chain gives. Rejects with the engine's error when it failed, and when it cannot go on. */
export async function runInSandbox(run: SandboxRun): Promise<unknown> {
  const { engine, workflowBundle, activities, input } = run;
  const taskQueue = `test-${randomUUID()}`;
  const { namespace, connection, client } = engine;
  const worker = await Worker.create({ connection, namespace, taskQueue, workflowBundle, activities });
  const options = { workflowId: `job/test/${input.jobId}`, taskQueue, args: [input] };
  return worker.runUntil(async () => {
    const job = await client.workflow.start(input.command, options);
    try {
      const result = await Promise.race([job.result(), untilStuck(job, run.signal)]);
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

/** The engine tries again and again what the chain's code cannot do; a test is to say so at once. */
async function untilStuck(job: WorkflowHandle, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
    const { events } = await job.fetchHistory();
    const failed = events?.find((event) => event.workflowTaskFailedEventAttributes)?.workflowTaskFailedEventAttributes;
    if (failed) throw new Error(`the chain cannot go on: ${failed.failure?.message ?? 'its code failed'}`);
  }
}

/** Workers come and go while a real job runs: each goes on from the history alone. */
async function replay(job: WorkflowHandle, { workflowBundle, input }: SandboxRun): Promise<void> {
  try {
    await Worker.runReplayHistory({ workflowBundle }, await job.fetchHistory(), job.workflowId);
  } catch (error) {
    if (!(error instanceof DeterminismViolationError)) throw error;
    const why = `${input.command} does not do the same when it runs again, so a restart of the job worker would break it`;
    throw new Error(`${why}: ${error.message}`, { cause: error });
  }
}
