import type { QueueMessage } from '../lib/contract/queue-message.ts';
import { errorText, type Log } from '../lib/log.ts';

import type { Verdict } from './intake.ts';

export type Rejected = Extract<Verdict, { outcome: 'rejected' }>;

/** Holds a message that no dead-letter target takes; settles once the engine has stored it. */
export type HoldRejected = (message: QueueMessage, verdict: Rejected) => Promise<void>;

/** The target is not there, is not ours to write to, or can never take this message: it counts as none. */
export class NoSuchTarget extends Error {
  override readonly name = 'NoSuchTarget';
}

/** Neither a dead-letter target nor the engine took it: the message goes back to its queue. */
export class NowhereToPut extends Error {
  override readonly name = 'NowhereToPut';
}

/**
 * Puts a rejected message where a person finds it: `send` stores a dead letter, undefined where there is no target; then
 * a workflow holds it. Rejects with `NowhereToPut`, or as `send` does when its target may take it later.
 */
export async function putAside(
  message: QueueMessage,
  verdict: Rejected,
  send: (() => Promise<void>) | undefined,
  { holdRejected, log }: { holdRejected: HoldRejected; log: Log },
): Promise<void> {
  try {
    if (send) return await send();
  } catch (error) {
    if (!(error instanceof NoSuchTarget)) throw error;
    const { queue, messageId } = message;
    log.warn('No dead letter stored, a workflow holds the message', { queue, messageId, reason: errorText(error) });
  }
  try {
    await holdRejected(message, verdict);
  } catch (error) {
    throw new NowhereToPut(errorText(error), { cause: error });
  }
}

/** What a dead letter adds to what the message had. */
export interface Marks {
  dqm_error_type: string;
  dqm_error: string;
  dqm_job_id?: string;
  dqm_message_id?: string;
}

/** Why, which job, and which message it was first: a dead letter that comes back keeps both ids. */
export const marksOf = ({ type, reason, jobId, messageId }: Rejected): Marks => ({
  dqm_error_type: type,
  dqm_error: reason,
  ...(jobId !== undefined && { dqm_job_id: jobId }),
  ...(messageId !== null && { dqm_message_id: messageId }),
});
