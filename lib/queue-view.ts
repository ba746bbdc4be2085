import type { Client } from '@temporalio/client';

import { readGpuQueue } from './gpu-queue.ts';
import { listGpuSlots } from './hosts.ts';
import { countFailedJobs, listJobs } from './jobs/list.ts';
import { visibilityQuery } from './jobs/query.ts';
import type { Pause } from './pause.ts';

/** A queue as `dqm queues --json` gives it. Null: nobody could say. */
export interface QueueView {
  queue: string;
  /** Visible messages and those in flight. */
  in_broker: number | null;
  /** For a GPU, between two attempts included. */
  waiting: number;
  running: number;
  delivering: number;
  failed: number;
  rejected: number;
  /** GPU slots, one for each `realityserver_url`. */
  ready_hosts: number | null;
  /** Of the command that has waited longest for a host; null when none waits. */
  oldest_wait_seconds: number | null;
  paused: { by: string; since: string } | null;
}

/** What the engine knows of a queue. */
export async function engineView(client: Client, queue: string): Promise<Omit<QueueView, 'in_broker'>> {
  const count = async (state: 'waiting' | 'delivering' | 'rejected'): Promise<number> =>
    (await client.workflow.count(visibilityQuery({ queue, state }))).count;
  const [notRendered, delivering, failed, rejected, gpu, slots] = await Promise.all([
    count('waiting'),
    count('delivering'),
    countFailedJobs(client, { queue }),
    count('rejected'),
    readGpuQueue(client, queue),
    listGpuSlots(client, [queue]),
  ]);
  const ready = slots?.filter(({ isReady }) => isReady).length ?? null;
  // Visibility cannot tell the jobs that run from those that wait.
  const running =
    notRendered === 0 ? 0 : (await listJobs(client, { queue, state: 'running', limit: notRendered })).length;
  return {
    queue,
    waiting: Math.max(notRendered - running, 0),
    running,
    delivering,
    failed,
    rejected,
    ready_hosts: ready,
    oldest_wait_seconds: gpu.waiting === 0 ? null : gpu.oldestWaitSeconds,
    paused: pauseView(gpu.paused),
  };
}

export const pauseView = (pause: Pause | null): QueueView['paused'] =>
  pause && { by: pause.by, since: pause.since.toISOString() };
