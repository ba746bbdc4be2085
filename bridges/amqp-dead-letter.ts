import type { AmqpQueueConfig } from '../lib/config/config.ts';
import { shortHash } from '../lib/contract/ids.ts';
import type { QueueMessage } from '../lib/contract/queue-message.ts';

import { amqpOptions } from './amqp-message.ts';
import { PublishRefused, type Publication, type Publisher } from './amqp-publisher.ts';
import { marksOf, NoSuchTarget, type Rejected } from './dead-letter.ts';

export type DeadLetterTarget = Pick<Publication, 'exchange' | 'routingKey'>;

/** Where we publish dead letters ourselves; undefined: nowhere, or the broker does it. */
export function amqpDeadLetterTarget({ deadLetter }: AmqpQueueConfig): DeadLetterTarget | undefined {
  switch (deadLetter?.kind) {
    case 'queue':
      return { exchange: '', routingKey: deadLetter.queue };
    case 'exchange':
      return { exchange: deadLetter.exchange, routingKey: deadLetter.routingKey };
    default:
      return undefined;
  }
}

/** Settles with the broker's confirm. Rejects with `NoSuchTarget` when the broker will not have it. */
export async function publishAmqpDeadLetter(
  publisher: Publisher,
  target: DeadLetterTarget,
  message: QueueMessage,
  verdict: Rejected,
): Promise<void> {
  try {
    await publisher.publish({ ...target, ...amqpDeadLetter(message, verdict) });
  } catch (error) {
    if (!(error instanceof PublishRefused)) throw error;
    throw new NoSuchTarget(`dead letters: ${error.message}`, { cause: error });
  }
}

/** Body, headers and properties as they came, our marks, and a message id of its own: it is another message now. */
export function amqpDeadLetter(
  { body, envelope }: QueueMessage,
  verdict: Rejected,
): Pick<Publication, 'content' | 'options'> {
  const { headers, ...options } = amqpOptions(envelope);
  return {
    content: Buffer.from(body),
    options: {
      ...options,
      headers: { ...headers, ...marksOf(verdict) },
      messageId: `${cut(verdict.messageId ?? '')}~${shortHash(body)}`,
    },
  };
}

/** A property's text has at most 255 bytes; 17 are the mark and the hash. */
const MAX_ORIGINAL_BYTES = 238;

const cut = (id: string): string =>
  Buffer.byteLength(id) <= MAX_ORIGINAL_BYTES
    ? id
    : Buffer.from(id)
        .subarray(0, MAX_ORIGINAL_BYTES)
        .toString()
        .replace(/\uFFFD+$/, '');
