import type { ConsumeMessage, Options } from 'amqplib';

import type { BrokerValue, Envelope } from '../../lib/contract/job-input.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';

import { ownAttributes } from '../intake/own-attributes.ts';

import { typedValues, untypedValues } from './values.ts';

/** A delivered AMQP message, free of AMQP. */
export function amqpQueueMessage(
  queue: string,
  { content, properties }: Pick<ConsumeMessage, 'content' | 'properties'>,
): QueueMessage {
  const { headers = {}, ...others } = properties;
  const { messageId } = others as { messageId: unknown };
  const envelope: Envelope = { transport: 'amqp', headers: typedValues(headers), properties: typedValues(others) };
  return {
    queue,
    body: content,
    messageId: typeof messageId === 'string' && messageId !== '' ? messageId : null,
    ...ownAttributes(envelope),
    envelope,
  };
}

/** An expiry would delete the message once more, the broker refuses another's user id, the rest is set anew. */
const NOT_SENT_AGAIN = new Set(['expiration', 'userId', 'messageId', 'deliveryMode', 'clusterId']);
/** RabbitMQ would route copies to whatever they name. */
const ROUTING_HEADERS = new Set(['CC', 'BCC']);

/** Headers and properties to publish a message with once more. Those of another transport do not travel. */
export function amqpOptions(envelope: Envelope): Options.Publish & { headers: Record<string, unknown> } {
  if (envelope.transport !== 'amqp') return { headers: {} };
  return {
    ...untypedValues(without(envelope.properties, NOT_SENT_AGAIN)),
    headers: untypedValues(without(envelope.headers, ROUTING_HEADERS)),
  };
}

const without = (values: Record<string, BrokerValue>, names: ReadonlySet<string>): Record<string, BrokerValue> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)));
