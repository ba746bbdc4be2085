import type { Channel, ChannelModel, GetMessage } from 'amqplib';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import { errorText } from '../../lib/log.ts';

import { LEAST_LEFT, LookRefused, type Looked, type LookOptions } from '../look.ts';

import { connectInTurn } from './connection.ts';
import { amqpQueueMessage } from './message.ts';

/** RabbitMQ's own for quorum queues since 4.0; a policy may set another, which AMQP cannot tell. */
const DELIVERY_LIMIT = 20;

/** Messages stay unacknowledged while the look lasts, so that none is seen twice, and go back into their places after it. */
export async function lookAtAmqp(config: AmqpQueueConfig, { limit, force }: LookOptions): Promise<Looked> {
  const connection = await connectInTurn(config);
  try {
    if (!force && !config.declare) await refuseUnlessClassic(connection, config);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return await look(channel, config, limit);
  } finally {
    // What is still unacknowledged goes back with the channel.
    await connection.close();
  }
}

async function look(channel: Channel, { name, queue }: AmqpQueueConfig, limit: number): Promise<Looked> {
  const messages: Looked['messages'] = [];
  try {
    while (messages.length < limit) {
      const got = await channel.get(queue, { noAck: false });
      if (got === false) break;
      messages.push(amqpQueueMessage(name, got));
      const deliveries = deliveryCount(got);
      if (DELIVERY_LIMIT - deliveries <= LEAST_LEFT) {
        const stopped = `message ${String(got.properties.messageId)} was delivered ${deliveries} times, and ${DELIVERY_LIMIT} may be the queue's limit`;
        return { messages, stopped };
      }
    }
    return { messages };
  } finally {
    if (messages.length > 0) channel.nackAll(true);
    await channel.close();
  }
}

/** With this one; quorum queues count them. */
function deliveryCount({ properties }: GetMessage): number {
  const before: unknown = properties.headers?.['x-delivery-count'];
  return typeof before === 'number' ? before + 1 : 1;
}

/**
 * A declaration that differs from the queue changes nothing, and RabbitMQ's refusal says how it differs. A queue that is
 * not durable is a classic one.
 */
async function refuseUnlessClassic(connection: ChannelModel, { name, queue }: AmqpQueueConfig): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  await channel.checkQueue(queue);
  const answer = await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } }).then(
    () => 'it is a quorum queue',
    (error: unknown) => errorText(error),
  );
  if (CLASSIC.test(answer)) return;
  throw new LookRefused(
    `queue ${name}: a look counts as a delivery, and RabbitMQ does not say that ${queue} is a classic queue, which has no limit of them; --force looks all the same`,
  );
}

const CLASSIC = /arg 'x-queue-type' .*current is (none|(the value )?'classic')|arg 'durable' .*current is 'false'/;
