import type { Client } from '@temporalio/client';

import { createDecoder } from './decode.ts';
import { commandsOf, jobInput } from './facts.ts';
import { readHistory, type ActivityRun, type JobHistory } from './history.ts';
import { isExpressible, literal } from './query.ts';
import type { ExecutionInfo } from './row.ts';

/**
 * The commands that a chain's earlier runs have completed and this one does not ask for again, the first one first: a
 * chain goes on in a new run when its history grows long, and when it is retried.
 */
export async function earlierCommands(
  client: Client,
  { workflowId, runId, startTime }: ExecutionInfo,
  history: JobHistory,
): Promise<ActivityRun[]> {
  const commands: ActivityRun[] = [];
  let latest = history;
  if (!jobInput(latest).journal || !isExpressible(workflowId)) return commands;
  const query = `WorkflowId = ${literal(workflowId)} AND StartTime <= '${startTime.toISOString()}'`;
  for await (const earlier of client.workflow.list({ query })) {
    if (earlier.runId === runId) continue;
    const raw = await client.workflow.getHandle(workflowId, earlier.runId).fetchHistory();
    latest = await readHistory(raw, createDecoder(client));
    commands.unshift(...commandsOf(latest).filter(({ ending }) => ending?.outcome === 'completed'));
    // Without a journal it has begun anew: what is older belongs to another chain.
    if (!jobInput(latest).journal) break;
  }
  return commands;
}
