import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { rejectedWorkflowId, workflowIdFor } from '../contract/ids.ts';
import { isGrpcStatus } from '../grpc.ts';

const NO_BODY = new Uint8Array();

/**
 * The workflow that a person means: a whole workflow id, or its identity part in one of `queues`. A rejected message is
 * looked for when there is no such job. Rejects when there is none, or more than one.
 */
export async function findJob(client: Client, id: string, queues: readonly string[]): Promise<string> {
  const isWhole = id.startsWith('job/') || id.startsWith('rejected/');
  if (isWhole && (await exists(client, id))) return id;
  const jobs = queues.map((queue) => workflowIdFor(queue, id));
  const rejected = queues.map((queue) => rejectedWorkflowId(queue, id, NO_BODY));
  for (const candidates of [jobs, rejected]) {
    const found = await existing(client, candidates);
    if (found.length > 1) throw new Error(`${id} is ambiguous, say which: ${found.join(', ')}`);
    if (found[0] !== undefined) return found[0];
  }
  throw new Error(`no job ${id}${isWhole ? '' : placesText(queues)}`);
}

const placesText = (queues: readonly string[]): string =>
  queues.length === 0
    ? ': the configuration names no queue, so give the whole workflow id, job/QUEUE/ID'
    : ` in ${queues.length === 1 ? 'the queue' : 'any of the queues'} ${queues.join(', ')}; for another queue give the whole workflow id, job/QUEUE/ID`;

async function existing(client: Client, workflowIds: readonly string[]): Promise<string[]> {
  const found = await Promise.all(workflowIds.map((workflowId) => exists(client, workflowId)));
  return workflowIds.filter((_, index) => found[index]);
}

async function exists(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).describe();
    return true;
  } catch (error) {
    // Empty, or longer than an id may be: no workflow has such an id.
    if (error instanceof WorkflowNotFoundError || isGrpcStatus(error, 'invalidArgument')) return false;
    throw error;
  }
}
