import {
  retryRejected,
  type RejectedMessageDeps,
  type RetriedRejected,
} from '../../bridges/dead-letters/rejected-message.ts';

import type { Told } from './told.ts';

/** Sends a held message through intake again. */
export async function retryHeldMessage(
  workflowId: string,
  corrected: Uint8Array | undefined,
  deps: RejectedMessageDeps,
): Promise<Told> {
  const verdict = await retryRejected(workflowId, corrected, deps);
  const isRejected = verdict.outcome === 'rejected';
  return {
    line: {
      workflow_id: workflowId,
      outcome: verdict.outcome,
      job_workflow_id: isRejected ? null : verdict.workflowId,
      task: null,
      error: isRejected ? { type: verdict.type, message: verdict.reason } : null,
      reason: null,
    },
    sentence: sentenceOf(verdict),
    isDone: !isRejected,
  };
}

function sentenceOf(verdict: RetriedRejected): string {
  switch (verdict.outcome) {
    case 'started':
      return `became ${verdict.workflowId}`;
    case 'duplicate':
      return `nothing started, ${verdict.workflowId} came from the same content`;
    case 'rejected':
      return `stays held, it would be rejected again, ${verdict.type}: ${verdict.reason}`;
    default:
      return verdict satisfies never;
  }
}
