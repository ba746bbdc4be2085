import type { QueueConfig } from '../../lib/config/config.ts';
import type { DeadLetter, DeadLetterOutcome } from '../../lib/contract/dead-letter.ts';
import { shortHash } from '../../lib/contract/ids.ts';
import { oneLine } from '../../lib/contract/one-line.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';
import { errorText, type Log } from '../../lib/log.ts';

import type { Verdict } from '../intake/intake.ts';

export type Rejected = Extract<Verdict, { outcome: 'rejected' }>;

/** Holds a message that no dead-letter target takes; settles once the engine has stored it. */
export type HoldRejected = (message: QueueMessage, verdict: Rejected) => Promise<void>;

/** The target is not there, is not ours to write to, or can never take this message: it counts as none. */
export class NoSuchTarget extends Error {
  override readonly name = 'NoSuchTarget';
}

/** Neither a dead-letter target nor the engine took it, or nobody could be told: the message goes back to its queue. */
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
  send: ((letter: DeadLetter) => Promise<void>) | undefined,
  { holdRejected, log }: { holdRejected: HoldRejected; log: Log },
): Promise<void> {
  try {
    if (send) return await send(rejectedLetter(message, verdict));
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

const rejectedLetter = (
  { body, envelope, messageId: deliveryId }: QueueMessage,
  { type, reason, jobId, messageId }: Rejected,
): DeadLetter => ({
  body,
  envelope,
  error: { type, message: reason },
  jobId,
  messageId,
  suffix: shortHash(body),
  // Rejected once more after it came back, it is another one.
  occurrence: deliveryId ?? shortHash(body),
});

/** Whether a failed job of this queue leaves a dead letter: not where nobody could store one, or where its message is in the queue still. */
export function leavesDeadLetter(queue: QueueConfig | undefined): boolean {
  switch (queue?.kind) {
    case 'sqs':
      return queue.acknowledge === 'on_start';
    case 'amqp':
      // Its own target takes what the broker dead-letters, and that message was acknowledged long ago.
      return queue.deadLetter !== undefined && queue.deadLetter.kind !== 'broker';
    case 'direct':
    case undefined:
      return false;
    default:
      return queue satisfies never;
  }
}

/** Tells a target that is gone from one that is away. */
export async function storedAt(place: string, send: () => Promise<void>): Promise<DeadLetterOutcome> {
  try {
    await send();
    return { outcome: 'stored', place };
  } catch (error) {
    if (error instanceof NoSuchTarget) return { outcome: 'none', reason: error.message };
    throw error;
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
export const marksOf = ({ error, jobId, messageId }: DeadLetter): Marks => ({
  dqm_error_type: error.type,
  // SQS takes no empty text.
  dqm_error: oneLine(error.message) || error.type,
  ...(jobId !== undefined && { dqm_job_id: jobId }),
  ...(messageId !== null && { dqm_message_id: messageId }),
});
