import type { Client } from '@temporalio/client';

import { askHosts } from '../ask-hosts.ts';
import { isGrpcStatus } from '../grpc.ts';
import { listGpuSlots, queuesWithHosts, type GpuSlot } from '../hosts.ts';

/** Jobs with a command on a render host, as the hosts themselves tell. */
export interface JobsOnHosts {
  workflowIds: string[];
  /** Every host that may have one has told; else there may be more. */
  isWhole: boolean;
}

/** Asks the hosts of all queues, since a chain of one may use those of another; `queues` are such as may be too new to be listed. */
export async function jobsOnHosts(client: Client, queues: ReadonlySet<string>): Promise<JobsOnHosts> {
  const slots = await slotsThatMayWork(client, queues);
  if (slots === undefined) return { workflowIds: [], isWhole: false };
  if (slots.length === 0) return { workflowIds: [], isWhole: true };
  // Without a job worker nobody carries the question.
  const answers = await askHosts(client, slots).catch(() => [null]);
  return {
    workflowIds: [...new Set(answers.flatMap((answer) => answer?.workflowIds ?? []))],
    isWhole: !answers.includes(null),
  };
}

/** Undefined when the engine cannot list workers. */
async function slotsThatMayWork(client: Client, queues: ReadonlySet<string>): Promise<GpuSlot[] | undefined> {
  try {
    const all = new Set([...queues, ...(await queuesWithHosts(client))]);
    const slots = await listGpuSlots(client, [...all]);
    return slots?.filter(({ hasEnded }) => !hasEnded);
  } catch (error) {
    if (isGrpcStatus(error, 'unimplemented')) return undefined;
    throw error;
  }
}
