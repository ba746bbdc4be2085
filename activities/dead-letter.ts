import { activityInfo } from '@temporalio/activity';

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
    storeDeadLetter: ({ body, envelope, jobId, messageId, error }: FailedJob): Promise<DeadLetterOutcome> =>
      withHeartbeat(async (signal) => {
        const { runId = '' } = activityInfo().workflowExecution ?? {};
        try {
          const text = 'text' in body ? body.text : await readText(store, body.reference, signal);
          const letter = {
            body: Buffer.from(text),
            envelope,
            error,
            jobId,
            messageId,
            suffix: runId,
            occurrence: runId,
          };
          return await target.store(letter);
        } catch (reason) {
          if (reason instanceof NoSuchResult) return { outcome: 'none', reason: reason.message };
          throw reason;
        }
      }),
  };
}

export type DeadLetterActivities = ReturnType<typeof createDeadLetterActivities>;
