import type { ChannelModel } from 'amqplib';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import type { DeadLetter, DeadLetterTarget } from '../../lib/contract/dead-letter.ts';
import type { Log } from '../../lib/log.ts';

import { marksOf, NoSuchTarget, storedAt } from '../dead-letters/dead-letter.ts';

import { connectInTurn } from './connection.ts';
import { amqpOptions } from './message.ts';
import { createPublisher, PublishBlocked, PublishRefused, type Publication, type Publisher } from './publisher.ts';

/** Where a publication goes. */
type PublicationTarget = Pick<Publication, 'exchange' | 'routingKey'>;

/** Where we publish dead letters ourselves; undefined: nowhere, or the broker does it. */
function amqpDeadLetterTarget({ deadLetter }: AmqpQueueConfig): PublicationTarget | undefined {
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
async function publishAmqpDeadLetter(
  publisher: Publisher,
  target: PublicationTarget,
  letter: DeadLetter,
): Promise<void> {
  try {
    await publisher.publish({ ...target, ...amqpDeadLetter(letter) });
  } catch (error) {
    if (!(error instanceof PublishRefused)) throw error;
    throw new NoSuchTarget(`dead letters: ${error.message}`, { cause: error });
  }
}

/** Body, headers and properties as they came, our marks, and a message id of its own: it is another message now. */
export function amqpDeadLetter(letter: DeadLetter): Pick<Publication, 'content' | 'options'> {
  const { headers, ...options } = amqpOptions(letter.envelope);
  return {
    content: Buffer.from(letter.body),
    options: {
      ...options,
      headers: { ...headers, ...marksOf(letter) },
      messageId: freshId(letter),
    },
  };
}

/** A property's text has at most this many. */
const MAX_ID_BYTES = 255;

function freshId({ messageId, suffix }: DeadLetter): string {
  const end = `~${suffix}`;
  const original = Buffer.from(messageId ?? '').subarray(0, MAX_ID_BYTES - Buffer.byteLength(end));
  // Without the half of a character that a cut may leave.
  return original.toString().replace(/\uFFFD+$/, '') + end;
}

/** Of a job that has failed nothing waits for the dead letter: it can wait for the end of an alarm. */
function waitsForAlarm(error: unknown): never {
  throw error instanceof NoSuchTarget && error.cause instanceof PublishBlocked ? error.cause : error;
}

export interface AmqpDeadLetters extends DeadLetterTarget {
  /** Settles with the broker's confirm, rejects with `NoSuchTarget` when the broker will not have it; undefined where there is no target of ours. */
  readonly send: ((letter: DeadLetter) => Promise<void>) | undefined;
  close(): Promise<void>;
}

/**
 * On a connection of their own from the first one on: an alarm stops all that a publishing connection sends, and must not
 * stop what a consumer acknowledges.
 */
export function createAmqpDeadLetters(queue: AmqpQueueConfig, log: Log): AmqpDeadLetters {
  const target = amqpDeadLetterTarget(queue);
  let open: Promise<{ connection: ChannelModel; publisher: Publisher }> | undefined;

  async function connect() {
    const connection = await connectInTurn(queue);
    const facts = { queue: queue.name };
    connection
      .once('close', () => (open = undefined))
      .on('blocked', (reason: string) => log.warn('RabbitMQ takes no messages, an alarm is on', { ...facts, reason }))
      .on('unblocked', () => log.info('RabbitMQ takes messages again', facts));
    return { connection, publisher: createPublisher(connection) };
  }

  function connected() {
    open ??= connect().catch((error: unknown) => {
      open = undefined;
      throw error;
    });
    return open;
  }

  const send =
    target &&
    (async (letter: DeadLetter): Promise<void> => publishAmqpDeadLetter((await connected()).publisher, target, letter));

  return {
    send,
    store: async (letter) => {
      if (!send) return { outcome: 'none', reason: 'the queue has no dead_letter_queue or dead_letter_exchange' };
      const place = target.exchange === '' ? target.routingKey : `${target.exchange}, ${target.routingKey}`;
      return storedAt(place, () => send(letter).catch(waitsForAlarm));
    },
    close: async () => {
      const opened = await open?.catch(() => undefined);
      await opened?.connection.close().catch(() => undefined);
    },
  };
}
