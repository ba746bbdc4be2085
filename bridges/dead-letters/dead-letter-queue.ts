import type { QueueMessage } from '../../lib/contract/queue-message.ts';

/** A dead letter in hand: nobody else gets it until it is settled, let go, or the process ends. */
export interface HeldLetter {
  /** As it lies in the dead-letter queue, marks included; `messageId` is the dead letter's own. */
  message: QueueMessage;
  /** Undefined: the broker itself put it there. */
  mark: { type: string; reason: string } | undefined;
  /** Puts it back where its job came from, and deletes it here only when that is stored. */
  redrive(): Promise<void>;
  /** Deletes it. */
  drop(): Promise<void>;
}

/** The dead letters of one named queue. */
export interface DeadLetterQueue {
  /** As it is shown to people. */
  readonly name: string;
  /** Those that lie there now, `most` at most. */
  hold(most: number): Promise<HeldLetter[]>;
  /** Lets go of all that was not settled. */
  close(): Promise<void>;
}

/** What a dead letter says of why it is one; not said when it goes back: it is to be judged anew. */
export const ERROR_MARKS: readonly string[] = ['dqm_error_type', 'dqm_error'];
