import type { Envelope } from './job-input.ts';

/** A message as a transport gives it; no transport in it. */
export interface QueueMessage {
  /** The named queue. */
  queue: string;
  /** The exact bytes. */
  body: Uint8Array;
  /** The broker's id of this delivery's message; `null` when the publisher set none. */
  messageId: string | null;
  /** What may stand beside the body; the body wins. */
  attributes: MessageAttributes;
  /** AMQP's own, 9 goes first. */
  brokerPriority?: number;
  envelope: Envelope;
}

/** SQS message attributes or AMQP headers that are ours. */
export interface MessageAttributes {
  /** `dqm_job_id` */
  jobId?: string | undefined;
  /** `dqm_priority` */
  priority?: string | undefined;
  /** `dqm_tenant` */
  tenant?: string | undefined;
  /** `dqm_message_id`, set on dead letters: the id of the message this once was. */
  originalMessageId?: string | undefined;
}
