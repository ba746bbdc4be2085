import type { Client } from '@temporalio/client';

import { askHosts } from './ask-hosts.ts';
import type { HostStatus } from './contract/host-status.ts';
import { listGpuSlots, type GpuSlot } from './hosts.ts';
import { createDecoder } from './jobs/decode.ts';
import { pendingActivities, runningCommand } from './jobs/pending.ts';
import { readPause, type Pause } from './pause.ts';
import { pauseView, type QueueView } from './queue-view.ts';

/** A GPU slot of a render host as `dqm hosts --json` gives it. */
export interface HostView {
  host: string;
  /** Null: the host did not say. */
  realityserver_url: string | null;
  queue: string;
  state: HostStatus['state'] | 'silent';
  job_id: string | null;
  /** Percent; null when the command tells none. */
  progress: number | null;
  gpu_seconds_today: number | null;
  /** In a row. */
  faults: number | null;
  version: string | null;
  /** Why it is out, or why its results do not reach the store. */
  reason: string | null;
  paused: QueueView['paused'];
}

/** Undefined when the engine cannot list workers. Rejects when no job worker asks the hosts. */
export async function hostViews(client: Client, queues: readonly string[]): Promise<HostView[] | undefined> {
  const slots = await listGpuSlots(client, queues);
  if (!slots || slots.length === 0) return slots && [];
  const [answers, pauses] = await Promise.all([askHosts(client, slots), pausesOf(client, slots)]);
  return Promise.all(
    slots.map(async ({ host, queue }, index) => {
      const answer = answers[index];
      return {
        host,
        realityserver_url: answer?.realityServerUrl ?? null,
        queue,
        state: answer?.state ?? 'silent',
        job_id: answer?.workflowId?.replace(`job/${queue}/`, '') ?? null,
        progress: answer?.workflowId ? await progressOf(client, answer.workflowId) : null,
        gpu_seconds_today: answer?.gpuSecondsToday ?? null,
        faults: answer?.faults ?? null,
        version: answer?.version ?? null,
        reason: answer?.reason ?? null,
        paused: pauseView(pauses.get(host) ?? null),
      };
    }),
  );
}

async function pausesOf(client: Client, slots: readonly GpuSlot[]): Promise<Map<string, Pause | null>> {
  const names = [...new Set(slots.map(({ host }) => host))];
  return new Map(await Promise.all(names.map(async (host) => [host, await readPause(client, { host })] as const)));
}

/** Null when the job has ended since, too. */
async function progressOf(client: Client, workflowId: string): Promise<number | null> {
  try {
    const info = await client.workflow.getHandle(workflowId).describe();
    return runningCommand(await pendingActivities(info, createDecoder(client)))?.progress ?? null;
  } catch {
    return null;
  }
}
