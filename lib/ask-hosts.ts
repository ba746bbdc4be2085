import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

import type { HostsAnswer } from './contract/host-status.ts';
import { HOSTS_WORKFLOW, JOBS_TASK_QUEUE } from './contract/names.ts';
import type { GpuSlot } from './hosts.ts';

/** A host has 2 s to answer; a job worker must take the question first. */
const ANSWER_LIMIT_MS = 6_000;

/** Asks these slots all at once what they do. Rejects when no job worker carries the question. */
export async function askHosts(client: Client, slots: readonly GpuSlot[]): Promise<HostsAnswer> {
  const identities = slots.map(({ identity }) => identity);
  try {
    return await client.workflow.execute<(input: { identities: string[] }) => Promise<HostsAnswer>>(HOSTS_WORKFLOW, {
      workflowId: `${HOSTS_WORKFLOW}/${randomUUID()}`,
      taskQueue: JOBS_TASK_QUEUE,
      args: [{ identities }],
      workflowExecutionTimeout: ANSWER_LIMIT_MS,
    });
  } catch (error) {
    throw new Error('nobody asked the hosts: is a job worker running (dqm worker jobs)?', { cause: error });
  }
}
