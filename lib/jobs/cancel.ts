import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { REJECTED_WORKFLOW, SETTLE_REJECTED } from '../contract/names.ts';
import type { JobState } from '../contract/states.ts';

import { createDecoder } from './decode.ts';
import type { JobRow } from './job-view.ts';
import { pendingActivities, runningCommand } from './pending.ts';
import { jobRow } from './row.ts';
import { isOpen } from './state.ts';

export type CancelOutcome =
  /** The engine has it; a command on a GPU is let go at its host's next heartbeat. */
  | 'cancelled'
  /** Asked for before, and the job has not ended yet. */
  | 'cancelling'
  /** A held message was given up. */
  | 'discarded'
  /** It has ended, or is about to: nothing was done. */
  | 'ended'
  /** In another state than it was picked for: nothing was done. */
  | 'changed';

export interface Cancelled {
  /** As it was found, before. */
  job: JobRow;
  outcome: CancelOutcome;
}

/**
 * Cancels the latest run of an id. `expected`: only while it is in this state, so that a job picked because it waits is
 * not stopped on a GPU. Rejects when the id names no job.
 */
export async function cancelJob(client: Client, workflowId: string, expected?: JobState): Promise<Cancelled> {
  const info = await client.workflow.getHandle(workflowId).describe();
  const running = runningCommand(await pendingActivities(info, createDecoder(client)));
  const job = jobRow(info, { uiUrl: null, namespace: client.options.namespace }, running);
  if (!isOpen(info) || ENDING.includes(job.state)) return { job, outcome: 'ended' };
  if (expected !== undefined && job.state !== expected) return { job, outcome: 'changed' };
  if (info.raw.workflowExtendedInfo?.cancelRequested) return { job, outcome: 'cancelling' };
  // The run that was looked at: one that a retry has begun since is another matter.
  const handle = client.workflow.getHandle(workflowId, info.runId);
  try {
    if (info.type === REJECTED_WORKFLOW) {
      await handle.signal(SETTLE_REJECTED, { outcome: 'discarded' });
      return { job, outcome: 'discarded' };
    }
    await handle.cancel();
    return { job, outcome: 'cancelled' };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    // It ended in between.
    const ended = await client.workflow.getHandle(workflowId, info.runId).describe();
    return { job: jobRow(ended, { uiUrl: null, namespace: client.options.namespace }), outcome: 'ended' };
  }
}

/** Written before the workflow closes: its ending is decided. */
const ENDING: readonly JobState[] = ['completed', 'failed', 'cancelled'];
