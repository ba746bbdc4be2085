import { Worker, type NativeConnection, type WorkflowBundleOption } from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';

import { JOBS_TASK_QUEUE } from '../lib/contract/names.ts';
import type { Running } from '../lib/run.ts';

import { runWorker } from './run-worker.ts';
import { STEP_LIMIT } from './step-limit.ts';

export interface JobWorkerDeps {
  connection: NativeConnection;
  namespace: string;
  dataConverter?: DataConverter | undefined;
  workflowBundle: WorkflowBundleOption;
  /** Completion tasks, the failure webhook, and what chains need. */
  activities: object;
}

/** A task's attempt may be in the middle of a large upload: it has this long to end, then another worker begins anew. */
const GRACE_MS = 10_000;

/**
 * In memory, some 180 KB each; the SDK would keep thousands. A job that waited longer for its GPU than so many others is
 * read again from its history, which is short.
 */
const CACHED_WORKFLOWS = 100;

/** Runs workflows and completion tasks. Any number of these may run; none needs a GPU or a broker. */
export async function startJobWorker({ dataConverter, ...deps }: JobWorkerDeps): Promise<Running> {
  const worker = await Worker.create({
    ...deps,
    ...(dataConverter && { dataConverter }),
    taskQueue: JOBS_TASK_QUEUE,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    ...STEP_LIMIT,
    // A cancel reaches a task with its next heartbeat.
    maxHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: GRACE_MS,
  });
  return runWorker(worker, GRACE_MS);
}
