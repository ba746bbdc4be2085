import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';

import type { BrokerValue, Envelope } from '../../lib/contract/job-input.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';

import { ownAttributes } from '../intake/own-attributes.ts';

export type SqsAttributes = Record<string, MessageAttributeValue>;

/** A received SQS message, free of SQS. */
export function sqsQueueMessage(queue: string, received: Message): QueueMessage {
  const { Body = '', MessageId, MessageAttributes = {}, Attributes = {} } = received;
  const groupId = Attributes.MessageGroupId;
  const envelope: Envelope = {
    transport: 'sqs',
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, value]) => [name, brokerValue(value)]),
    ),
    ...(groupId !== undefined && { groupId }),
  };
  // SQS carries text: its UTF-8 is what the producer gave it.
  return { queue, body: Buffer.from(Body), messageId: MessageId ?? null, ...ownAttributes(envelope), envelope };
}

/** `String`, `Number`, `Binary`, with a label of the producer's behind a dot: `Number.int`. */
const brokerValue = ({ DataType = 'String', StringValue, BinaryValue }: MessageAttributeValue): BrokerValue => ({
  type: DataType,
  value: BinaryValue === undefined ? (StringValue ?? '') : Buffer.from(BinaryValue).toString('base64'),
});

/** The attributes to send a message with once more. Those of another transport do not travel. */
export function sqsAttributes(envelope: Envelope): SqsAttributes {
  if (envelope.transport !== 'sqs') return {};
  return Object.fromEntries(
    Object.entries(envelope.attributes).map(([name, { type, value }]) => [
      name,
      type.startsWith('Binary')
        ? { DataType: type, BinaryValue: Buffer.from(String(value), 'base64') }
        : { DataType: type, StringValue: String(value) },
    ]),
  );
}
