import type { Channel, ChannelModel, GetMessage } from 'amqplib';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import { errorText } from '../../lib/log.ts';

import { LEAST_LEFT, LookRefused, type Looked, type LookOptions } from '../look.ts';

import { connectInTurn } from './connection.ts';
import { amqpQueueMessage } from './message.ts';

/** RabbitMQ's own for quorum queues since 4.0; a policy may set another, which AMQP cannot tell. */
const DELIVERY_LIMIT = 20;
/** A queue that dead-letters sooner has no delivery to spare for a look. */
const LEAST_DELIVERY_LIMIT = 5;

/** Messages stay unacknowledged while the look lasts, so that none is seen twice, and go back into their places after it. */
export async function lookAtAmqp(config: AmqpQueueConfig, { limit, force }: LookOptions): Promise<Looked> {
  const connection = await connectInTurn(config);
  try {
    const told = await ask(connection, config.queue);
    if (!force) refuseIfCounted(config, told);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return await look(channel, config, { limit, mostDeliveries: told.deliveryLimit ?? DELIVERY_LIMIT });
  } finally {
    // What is still unacknowledged goes back with the channel.
    await connection.close();
  }
}

async function look(
  channel: Channel,
  { name, queue }: AmqpQueueConfig,
  { limit, mostDeliveries }: { limit: number; mostDeliveries: number },
): Promise<Looked> {
  const messages: Looked['messages'] = [];
  try {
    while (messages.length < limit) {
      const got = await channel.get(queue, { noAck: false });
      if (got === false) break;
      messages.push(amqpQueueMessage(name, got));
      const deliveries = deliveryCount(got);
      if (mostDeliveries - deliveries <= LEAST_LEFT) {
        const stopped = `message ${String(got.properties.messageId)} was delivered ${deliveries} times, and ${mostDeliveries} may be the queue's limit`;
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

/** What RabbitMQ tells of a queue. */
interface Told {
  isClassic: boolean;
  /** Of its own arguments; a policy may set one, too. */
  deliveryLimit: number | undefined;
}

/**
 * A declaration that differs from the queue changes nothing, and RabbitMQ's refusal names the first argument that does:
 * the next question agrees in that one. A queue that is not durable is a classic one.
 */
async function ask(connection: ChannelModel, queue: string): Promise<Told> {
  const known: Arguments = { 'x-queue-type': 'quorum' };
  for (;;) {
    const answer = await declared(connection, queue, known);
    const { name, value = '', type } = DIFFERENT.exec(answer)?.groups ?? {};
    const isClassic = CLASSIC.test(answer);
    if (isClassic || name === undefined || name in known) return { isClassic, deliveryLimit: deliveryLimitOf(known) };
    known[name] = argumentOf(value, type);
  }
}

type Arguments = Record<string, string | number | boolean>;

function argumentOf(value: string, type: string | undefined): Arguments[string] {
  switch (type) {
    case 'longstr':
      return value;
    case 'bool':
      return value === 'true';
    default:
      return Number(value);
  }
}

/** RabbitMQ's word for "none" is a negative one. */
function deliveryLimitOf({ 'x-delivery-limit': limit }: Arguments): number | undefined {
  if (typeof limit !== 'number') return undefined;
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

/** RabbitMQ's refusal; an empty text when there is such a queue. */
async function declared(connection: ChannelModel, queue: string, args: Arguments): Promise<string> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  await channel.checkQueue(queue);
  return channel.assertQueue(queue, { durable: true, arguments: args }).then(
    async () => {
      await channel.close();
      return '';
    },
    (error: unknown) => errorText(error),
  );
}

function refuseIfCounted({ name, queue, declare }: AmqpQueueConfig, { isClassic, deliveryLimit }: Told): void {
  const counts = 'a look counts as a delivery';
  if (isClassic) return;
  if (!declare) {
    throw new LookRefused(
      `queue ${name}: ${counts}, and RabbitMQ does not say that ${queue} is a classic queue, which has no limit of them; --force looks all the same`,
    );
  }
  if (deliveryLimit === undefined || deliveryLimit >= LEAST_DELIVERY_LIMIT) return;
  throw new LookRefused(
    `queue ${name}: ${counts}, and the x-delivery-limit of ${queue}, ${deliveryLimit}, is under ${LEAST_DELIVERY_LIMIT}; --force looks all the same`,
  );
}

const CLASSIC = /arg 'x-queue-type' .*current is (none|(the value )?'classic')|arg 'durable' .*current is 'false'/;
const DIFFERENT = /arg '(?<name>x-[\w-]+)' .*current is the value '(?<value>.*)' of type '(?<type>\w+)'/;
