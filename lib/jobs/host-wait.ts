import type { Client } from '@temporalio/client';

import { PRIORITIES } from '../contract/names.ts';
import { readGpuQueue } from '../gpu-queue.ts';
import { listGpuSlots } from '../hosts.ts';
import type { Pause } from '../pause.ts';

import type { JobView } from './job-view.ts';
import { COMMAND_ACTIVITY, type PendingActivity } from './pending.ts';

/** What keeps a command from a render host now. */
export interface HostWait {
  paused: Pause | null;
  /** Slots of its queue that take commands; null: the engine cannot list workers. */
  readySlots: number | null;
  /** When no slot is ready: the one that was heard of last, in the last minutes. */
  lastHeard: { host: string; at: Date } | null;
  /** Commands that wait too, about: of higher priority, and of the same. */
  higher: number;
  same: number;
}

/** Null for a job whose command is on its way, or waits for its next attempt. */
export async function readHostWait(
  client: Client,
  { queue, priority }: JobView,
  pending: readonly PendingActivity[],
): Promise<HostWait | null> {
  if (!pending.some(wantsHost)) return null;
  const [{ paused, waitingByPriority }, slots] = await Promise.all([
    readGpuQueue(client, queue),
    listGpuSlots(client, [queue]),
  ]);
  const ready = slots?.filter(({ isReady }) => isReady);
  const own = 1 + PRIORITIES.indexOf(priority ?? 'normal');
  const higher = [...waitingByPriority].filter(([key]) => key < own).reduce((sum, [, count]) => sum + count, 0);
  const [last] = (slots ?? []).toSorted((one, other) => other.heardAt.getTime() - one.heardAt.getTime());
  return {
    paused,
    readySlots: ready?.length ?? null,
    lastHeard: ready?.length === 0 && last ? { host: last.host, at: last.heardAt } : null,
    higher,
    // It is one of them itself.
    same: Math.max((waitingByPriority.get(own) ?? 0) - 1, 0),
  };
}

const wantsHost = ({ name, isRunning, nextAttemptAt }: PendingActivity): boolean =>
  name === COMMAND_ACTIVITY && !isRunning && (nextAttemptAt === undefined || nextAttemptAt.getTime() <= Date.now());
