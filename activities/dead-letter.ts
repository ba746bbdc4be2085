import { activityInfo, log } from '@temporalio/activity';

import type { DeadLetterOutcome, DeadLetterTarget, FailedJob } from '../lib/contract/dead-letter.ts';
import { NoSuchResult, type ResultStore } from '../lib/results/store.ts';
import { readText } from '../lib/results/text.ts';

import { withHeartbeat } from './heartbeat.ts';

export interface DeadLetterDeps {
  target: DeadLetterTarget;
  /** Holds large bodies. */
  store: ResultStore;
}

export function createDeadLetterActivities({ target, store }: DeadLetterDeps) {
  return {
    /** Stores the message of a failed job as a dead letter. An attempt whose answer was lost has stored one more copy. */
    storeDeadLetter: async (job: FailedJob): Promise<DeadLetterOutcome> => {
      const outcome = await withHeartbeat((signal) => stored(job, signal));
      if (outcome.outcome === 'none') {
        const { queue, jobId } = job;
        log.warn('No dead letter stored, the failed workflow is the record', { queue, jobId, reason: outcome.reason });
      }
      return outcome;
    },
  };

  async function stored({ body, ...job }: FailedJob, signal: AbortSignal): Promise<DeadLetterOutcome> {
    const { runId = '' } = activityInfo().workflowExecution ?? {};
    try {
      const text = 'text' in body ? body.text : await readText(store, body.reference, signal);
      return await target.store({ ...job, body: Buffer.from(text), suffix: runId, occurrence: runId });
    } catch (reason) {
      if (reason instanceof NoSuchResult) return { outcome: 'none', reason: reason.message };
      throw reason;
    }
  }
}

export type DeadLetterActivities = ReturnType<typeof createDeadLetterActivities>;
