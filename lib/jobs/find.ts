import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { rejectedWorkflowId, workflowIdFor } from '../contract/ids.ts';
import { DqmQueue } from '../contract/search-attributes.ts';
import { isGrpcStatus } from '../grpc.ts';

import { isExpressible, literal } from './query.ts';

const NO_BODY = new Uint8Array();

/**
 * The workflow that a person means: a whole workflow id, its identity part in one of `queues`, or the beginning of
 * either. A rejected message is looked for when there is no such job. Rejects when there is none, or more than one.
 */
export async function findJob(client: Client, id: string, queues: readonly string[]): Promise<string> {
  const isWhole = id.startsWith('job/') || id.startsWith('rejected/');
  if (isWhole && (await exists(client, id))) return id;
  const jobs = queues.map((queue) => workflowIdFor(queue, id));
  const rejected = queues.map((queue) => rejectedWorkflowId(queue, id, NO_BODY));
  for (const candidates of [jobs, rejected]) {
    const found = await existing(client, candidates);
    if (found.length > 0) return onlyOne(id, found);
  }
  const begun = await beginningWith(client, id === '' ? [] : isWhole ? [id] : [...jobs, ...rejected]);
  if (begun.length > 0) return onlyOne(id, begun);
  throw new Error(
    `no job ${id}${isWhole ? '' : placesText(queues)}; what ended longer ago than the engine keeps is gone`,
  );
}

const MOST_SHOWN = 10;

function onlyOne(id: string, [first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  const shown = [first, ...others].slice(0, MOST_SHOWN);
  throw new Error(`${id} is ambiguous, say which: ${shown.join(', ')}${others.length >= MOST_SHOWN ? ', …' : ''}`);
}

/** Runs of one id are listed each: enough of them that more than one id is seen. */
const LOOKED_AT = 100;

async function beginningWith(client: Client, beginnings: readonly string[]): Promise<string[]> {
  const expressible = beginnings.filter(isExpressible);
  if (expressible.length === 0) return [];
  const begins = expressible.map((beginning) => `WorkflowId STARTS_WITH ${literal(beginning)}`).join(' OR ');
  const query = `${DqmQueue.name} IS NOT NULL AND (${begins})`;
  const found = new Set<string>();
  let looks = 0;
  for await (const { workflowId } of client.workflow.list({ query, pageSize: LOOKED_AT })) {
    found.add(workflowId);
    if ((looks += 1) >= LOOKED_AT) break;
  }
  return [...found];
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
