import type { Client } from '@temporalio/client';

import { isExpressible, literal } from './query.ts';
import type { ExecutionInfo } from './row.ts';
import { isOpen } from './state.ts';

/** Ids that one query asks for: 255 bytes each at most. */
const ASKED_AT_ONCE = 2_000;

/**
 * Tells runs that stand for their job from those that a later run of the same id has taken the place of: a retried job
 * is one job, whatever it was before. One query of visibility for up to 2,000 ids, none where all are open.
 */
export async function latestRuns(
  client: Client,
  infos: readonly ExecutionInfo[],
): Promise<(info: ExecutionInfo) => boolean> {
  const newest = new Map<string, ExecutionInfo>();
  const add = (info: ExecutionInfo): void => {
    const known = newest.get(info.workflowId);
    if (!known || known.startTime < info.startTime) newest.set(info.workflowId, info);
  };
  infos.forEach(add);
  // An id that no query can express is believed.
  const closed = infos.filter((info) => !isOpen(info) && isExpressible(info.workflowId));
  for (let from = 0; from < closed.length; from += ASKED_AT_ONCE) {
    const query = laterThan(closed.slice(from, from + ASKED_AT_ONCE));
    for await (const info of client.workflow.list({ query, pageSize: ASKED_AT_ONCE })) add(info);
  }
  return ({ workflowId, runId }) => newest.get(workflowId)?.runId === runId;
}

function laterThan(closed: readonly ExecutionInfo[]): string {
  const ids = [...new Set(closed.map(({ workflowId }) => workflowId))].map(literal);
  const oldestMs = Math.min(...closed.map(({ startTime }) => startTime.getTime()));
  return `WorkflowId IN (${ids.join(', ')}) AND StartTime > '${new Date(oldestMs).toISOString()}'`;
}
