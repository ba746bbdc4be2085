import type { Envelope, JobInput } from './job-input.ts';

/** A message as its dead letter repeats it, and why it is one. */
export interface DeadLetter {
  /** The exact bytes. */
  body: Uint8Array;
  envelope: Envelope;
  error: { type: string; message: string };
  jobId: string | undefined;
  /** The id that the message had first. */
  messageId: string | null;
  /** On AMQP the fresh message id is the original one, `~` and this. */
  suffix: string;
  /** Two letters of one occurrence are copies: a FIFO queue of SQS keeps the first. */
  occurrence: string;
}

export type DeadLetterOutcome = { outcome: 'stored'; place: string } | { outcome: 'none'; reason: string };

/** Where dead letters of one queue go. */
export interface DeadLetterTarget {
  /** Settles once the broker has it, or with why there is nowhere to put it. Rejects when it may be stored later. */
  store(letter: DeadLetter): Promise<DeadLetterOutcome>;
}

/** What the bridge needs to know of a failed job. */
export interface FailedJob extends Pick<JobInput, 'queue' | 'jobId' | 'messageId' | 'body' | 'envelope'> {
  error: { type: string; message: string };
}
