import { randomUUID } from 'node:crypto';

import { sha256, workflowIdFor } from './ids.ts';
import type { QueueMessage } from './queue-message.ts';

/** By what a message is recognised when it, or another of the same job, comes again. */
export interface Identity {
  /** Inside its queue: the tail of the workflow id. */
  jobId: string;
  /** What `${message_id}` becomes: of a dead letter, the original message's. */
  messageId: string;
  /** Of the very message that came; `null` when its publisher set none. */
  deliveryId: string | null;
  /** sha256 of the exact body, hex. */
  contentHash: string;
  workflowId: string;
  /** A redelivery cannot be recognised: neither the job nor the message has an id. */
  isFresh: boolean;
}

/** The job's own id, else the broker's message id, else a fresh one (interface.md 1). */
export function identityOf(message: QueueMessage, jobId: string | undefined): Identity {
  const deliveryId = message.messageId || null;
  const known = originalMessageId(message);
  const brokerId = known === null ? undefined : brokerIdentity(known);
  const identity = jobId ?? brokerId ?? randomUUID();
  return {
    jobId: identity,
    messageId: known ?? identity,
    deliveryId,
    contentHash: sha256(message.body),
    workflowId: workflowIdFor(message.queue, identity),
    isFresh: jobId === undefined && brokerId === undefined,
  };
}

/** The id that the message had first, before it went through a dead-letter queue. */
export const originalMessageId = ({ messageId, attributes }: QueueMessage): string | null =>
  attributes.originalMessageId || messageId || null;

const MAX_MESSAGE_ID_BYTES = 200;

/** A broker's message id as identity: too long a one, or one with characters that no id should hold, is hashed. */
export const brokerIdentity = (messageId: string): string =>
  Buffer.byteLength(messageId) <= MAX_MESSAGE_ID_BYTES && !/[\p{Cc}\p{Surrogate}]/u.test(messageId)
    ? messageId
    : sha256(messageId);
