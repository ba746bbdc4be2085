import { hostname } from 'node:os';

import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';

import { createDeadLetterActivities, type DeadLetterDeps } from '../activities/dead-letter.ts';
import { bridgeTaskQueue } from '../lib/contract/names.ts';
import type { Running } from '../lib/run.ts';

import { runWorker } from './run-worker.ts';

export interface DeadLetterWorkerDeps extends DeadLetterDeps {
  connection: NativeConnection;
  namespace: string;
  dataConverter?: DataConverter | undefined;
  queue: string;
  drainTimeoutMs: number;
}

/** Dead letters are small and few: more at once would only crowd out the bridge's intake. */
const AT_ONCE = 5;

/**
 * Stores the dead letters of one queue's failed jobs, for the bridge that has its credentials. Activity-only, and apart
 * from intake: a queue that takes nothing in still gets rid of what failed.
 */
export async function startDeadLetterWorker({
  connection,
  namespace,
  dataConverter,
  queue,
  drainTimeoutMs,
  ...deps
}: DeadLetterWorkerDeps): Promise<Running> {
  const worker = await Worker.create({
    connection,
    namespace,
    ...(dataConverter && { dataConverter }),
    // Bridges that share a queue count each other by it.
    identity: `bridge@${queue}/${process.pid}@${hostname()}`,
    taskQueue: bridgeTaskQueue(queue),
    activities: createDeadLetterActivities(deps),
    maxConcurrentActivityTaskExecutions: AT_ONCE,
    shutdownGraceTime: drainTimeoutMs,
  });
  return runWorker(worker, drainTimeoutMs);
}
