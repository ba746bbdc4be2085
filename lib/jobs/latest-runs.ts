import type { Client } from '@temporalio/client';

import { isExpressible, literal } from './query.ts';
import type { ExecutionInfo } from './row.ts';
import { isOpen } from './state.ts';

/** Ids that one query asks for: 255 bytes each at most, and their runs fill one page of the engine's. */
const ASKED_AT_ONCE = 1_000;

/**
 * Tells runs that stand for their job from those that a later run of the same id has taken the place of: a retried job
 * is one job, whatever it was before. One query of visibility for up to 1,000 ids, none where all are open; none is
 * asked for `whole`, which holds every later run of its own.
 */
export async function latestRuns(
  client: Client,
  infos: readonly ExecutionInfo[],
  whole: readonly ExecutionInfo[] = [],
): Promise<(info: ExecutionInfo) => boolean> {
  const newest = new Map<string, ExecutionInfo>();
  const add = (info: ExecutionInfo): void => {
    const known = newest.get(info.workflowId);
    if (!known || known.startTime < info.startTime) newest.set(info.workflowId, info);
  };
  for (const info of [...whole, ...infos]) add(info);
  const isSettled = new Set(whole.map(({ workflowId }) => workflowId));
  // An id that no query can express is believed.
  const unsure = infos.filter(
    (info) => !isOpen(info) && !isSettled.has(info.workflowId) && isExpressible(info.workflowId),
  );
  const closed = [...new Map(unsure.map((info) => [info.runId, info])).values()];
  for (let from = 0; from < closed.length; from += ASKED_AT_ONCE) {
    for await (const info of sinceTheOldest(client, closed.slice(from, from + ASKED_AT_ONCE))) add(info);
  }
  return ({ workflowId, runId }) => newest.get(workflowId)?.runId === runId;
}

/** All that may be later runs of these, and a few that are not. */
async function* sinceTheOldest(client: Client, closed: readonly ExecutionInfo[]): AsyncGenerator<ExecutionInfo> {
  const ids = [...new Set(closed.map(({ workflowId }) => workflowId))].map(literal);
  const oldestMs = Math.min(...closed.map(({ startTime }) => startTime.getTime()));
  const query = `WorkflowId IN (${ids.join(', ')}) AND StartTime >= '${new Date(oldestMs).toISOString()}'`;
  const unseen = new Set(closed.map(({ runId }) => runId));
  for await (const info of client.workflow.list({ query, pageSize: ASKED_AT_ONCE })) {
    yield info;
    unseen.delete(info.runId);
    // Open ones come first, then what ended last: behind those that are known stands no later run of theirs.
    if (unseen.size === 0) return;
  }
}
