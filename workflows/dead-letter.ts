import { CancellationScope, proxyActivities, type ApplicationFailure } from '@temporalio/workflow';

import type { DeadLetterActivities } from '../activities/dead-letter.ts';
import type { JobInput } from '../lib/contract/job-input.ts';

import { deadLetterPolicy } from './policies.ts';

/**
 * Leaves the message of a failed job where people look for it, and says for them what became of it. Never fails: a job
 * whose dead letter cannot be stored in time is failed all the same.
 */
export async function leaveDeadLetter(
  { queue, jobId, messageId, body, envelope }: JobInput,
  { type, message }: ApplicationFailure,
): Promise<string> {
  const { storeDeadLetter } = proxyActivities<DeadLetterActivities>({
    ...deadLetterPolicy(queue),
    summary: `dead letter of ${queue}`,
  });
  const failed = { queue, jobId, messageId, body, envelope, error: { type: type ?? 'unknown', message } };
  try {
    // Its ending is decided: a cancel comes too late.
    const stored = await CancellationScope.nonCancellable(() => storeDeadLetter(failed));
    return stored.outcome === 'stored'
      ? `dead letter: in ${stored.place}`
      : `no dead letter, this workflow is the record: ${stored.reason}`;
  } catch {
    return 'no dead letter, this workflow is the record: the bridge of the queue could not store it within 10 minutes';
  }
}
