import type { Client } from '@temporalio/client';

import { gpuTaskQueue } from './contract/names.ts';
import { pauseOf, type Pause } from './pause.ts';
import { activitiesWaiting, describeActivities } from './task-queue.ts';

/** What waits for the GPUs of a queue. */
export interface GpuQueue {
  /** Commands that only want a host: neither on one nor between two attempts. */
  waiting: number;
  /** Commands given to hosts a second, over half a minute; up to 5 s old, as is what follows. */
  dispatchRate: number;
  /** Of the command that has waited longest. */
  oldestWaitSeconds: number;
  /** Commands that wait, by Temporal's priority key. */
  waitingByPriority: ReadonlyMap<number, number>;
  paused: Pause | null;
}

export async function readGpuQueue(client: Client, queue: string): Promise<GpuQueue> {
  const name = gpuTaskQueue(queue);
  const [waiting, { stats, statsByPriorityKey, config }] = await Promise.all([
    activitiesWaiting(client, name),
    describeActivities(client, name, { reportStats: true, reportConfig: true }),
  ]);
  const byPriority = Object.entries(statsByPriorityKey ?? {});
  return {
    waiting,
    dispatchRate: stats?.tasksDispatchRate ?? 0,
    oldestWaitSeconds: Number(stats?.approximateBacklogAge?.seconds ?? 0),
    waitingByPriority: new Map(
      byPriority.map(([key, { approximateBacklogCount }]) => [Number(key), Number(approximateBacklogCount ?? 0)]),
    ),
    paused: pauseOf(config?.queueRateLimit),
  };
}
