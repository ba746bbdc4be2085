import { randomUUID } from 'node:crypto';

import type { GetMessage } from 'amqplib';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';

import { ERROR_MARKS, type DeadLetterQueue, type HeldLetter } from '../dead-letters/dead-letter-queue.ts';

import { connectInTurn } from './connection.ts';
import { amqpOptions, amqpQueueMessage } from './message.ts';
import { createPublisher, type Publication } from './publisher.ts';

/** Dead letters of an AMQP queue that lie in the queue `name`. */
export async function openAmqpDeadLetterQueue(queue: AmqpQueueConfig, name: string): Promise<DeadLetterQueue> {
  const connection = await connectInTurn(queue);
  const publisher = createPublisher(connection);
  const channel = await connection.createChannel();
  let failure: Error | undefined;
  channel.on('error', (error: Error) => (failure = error));
  const held = new Set<GetMessage>();

  const settle = (received: GetMessage): void => {
    channel.ack(received);
    held.delete(received);
  };

  /** Confirmed, then acked: dying in between leaves a second copy, never none. */
  const move = async (received: GetMessage, publication: Publication): Promise<void> => {
    await publisher.publish(publication);
    settle(received);
  };

  const letter = (received: GetMessage): HeldLetter => {
    const type = markOf(received, 'dqm_error_type');
    return {
      message: amqpQueueMessage(queue.name, received),
      mark: type === undefined ? undefined : { type, reason: markOf(received, 'dqm_error') ?? '' },
      redrive: () => move(received, copyOf(queue.name, received, queue.queue, ERROR_MARKS)),
      drop: () => Promise.resolve(settle(received)),
    };
  };

  return {
    name,
    hold: async (most) => {
      const letters: HeldLetter[] = [];
      while (letters.length < most) {
        const received = await channel.get(name).catch((error: unknown) => {
          throw failure ?? error;
        });
        if (received === false) break;
        held.add(received);
        letters.push(letter(received));
      }
      return letters;
    },
    close: async () => {
      for (const received of held) {
        // Each look at a quorum queue counts towards its delivery limit: one that was looked at before is stored anew.
        if (lookedAt(received)) await move(received, copyOf(queue.name, received, name)).catch(() => undefined);
        else channel.nack(received, false, true);
      }
      await channel.close().catch(() => undefined);
      await connection.close();
    },
  };
}

const headersOf = ({ properties }: GetMessage): Record<string, unknown> => properties.headers ?? {};

function markOf(received: GetMessage, name: string): string | undefined {
  const value = headersOf(received)[name];
  return typeof value === 'string' ? value : undefined;
}

const DELIVERY_COUNT = 'x-delivery-count';

const lookedAt = (received: GetMessage): boolean => Number(headersOf(received)[DELIVERY_COUNT] ?? 0) > 0;

/** For the queue `target` itself, whatever else its exchange would route to. */
function copyOf(queueName: string, received: GetMessage, target: string, left: readonly string[] = []): Publication {
  const { messageId, envelope } = amqpQueueMessage(queueName, received);
  const { headers, ...options } = amqpOptions(envelope);
  const kept = Object.entries(headers).filter(([name]) => name !== DELIVERY_COUNT && !left.includes(name));
  return {
    exchange: '',
    routingKey: target,
    content: received.content,
    options: { ...options, headers: Object.fromEntries(kept), messageId: messageId ?? randomUUID() },
  };
}
