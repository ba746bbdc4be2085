import type { Client } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';

import { gpuTaskQueue, hostPauseTaskQueue } from './contract/names.ts';
import { isGrpcStatus } from './grpc.ts';
import { ACTIVITIES, describeActivities } from './task-queue.ts';

/** A queue or a render host that takes no more commands until somebody resumes it. Running ones end. */
export interface Pause {
  by: string;
  since: Date;
}

export type Pausable = { queue: string } | { host: string };

/** A rate limit of a task queue, which the engine keeps with who set it and when. */
interface RateLimit {
  rateLimit?: { requestsPerSecond?: number | null } | null;
  metadata?: { updateIdentity?: string | null; updateTime?: Parameters<typeof optionalTsToDate>[0] } | null;
}

/** Paused = a rate limit of nothing at all: the engine itself then hands out no command. */
export function pauseOf(limit: RateLimit | null | undefined): Pause | null {
  const isPaused = limit?.rateLimit && (limit.rateLimit.requestsPerSecond ?? 0) === 0;
  if (!isPaused) return null;
  const { updateIdentity, updateTime } = limit.metadata ?? {};
  return { by: updateIdentity || 'somebody', since: optionalTsToDate(updateTime) ?? new Date(0) };
}

export async function readPause(client: Client, what: Pausable): Promise<Pause | null> {
  const { config } = await describeActivities(client, taskQueueOf(what), { reportConfig: true });
  return pauseOf(config?.queueRateLimit);
}

/** Survives a restart of everything. Pausing again keeps who did it first. `by`: a person's name and machine. */
export async function pause(client: Client, what: Pausable, by: string): Promise<Pause> {
  const earlier = await readPause(client, what);
  if (earlier) return earlier;
  return (await setRateLimit(client, what, by, { requestsPerSecond: 0 })) ?? { by, since: new Date() };
}

/** What was paused, null when nothing was. */
export async function resume(client: Client, what: Pausable, by: string): Promise<Pause | null> {
  const earlier = await readPause(client, what);
  if (earlier) await setRateLimit(client, what, by, null);
  return earlier;
}

/** A host's own note is a task queue that nobody polls: its limit holds nothing back, the host reads it. */
const taskQueueOf = (what: Pausable): string =>
  'queue' in what ? gpuTaskQueue(what.queue) : hostPauseTaskQueue(what.host);

async function setRateLimit(
  client: Client,
  what: Pausable,
  identity: string,
  rateLimit: { requestsPerSecond: number } | null,
): Promise<Pause | null> {
  try {
    const { config } = await client.connection.workflowService.updateTaskQueueConfig({
      namespace: client.options.namespace,
      identity,
      taskQueue: taskQueueOf(what),
      taskQueueType: ACTIVITIES,
      updateQueueRateLimit: { rateLimit, reason: rateLimit ? 'dqm pause' : 'dqm resume' },
    });
    return pauseOf(config?.queueRateLimit);
  } catch (error) {
    if (!isGrpcStatus(error, 'unimplemented')) throw error;
    throw new Error('this engine cannot pause: it needs Temporal server 1.29 or later', { cause: error });
  }
}
