import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';

import type { BrokerValue, Envelope } from '../lib/contract/job-input.ts';
import type { QueueMessage } from '../lib/contract/queue-message.ts';

export type SqsAttributes = Record<string, MessageAttributeValue>;

/** A received SQS message, free of SQS. */
export function sqsQueueMessage(queue: string, received: Message): QueueMessage {
  const { Body = '', MessageId, MessageAttributes = {}, Attributes = {} } = received;
  const text = (name: string): string | undefined => MessageAttributes[name]?.StringValue;
  const groupId = Attributes.MessageGroupId;
  return {
    queue,
    // SQS carries text: its UTF-8 is what the producer gave it.
    body: Buffer.from(Body),
    messageId: MessageId ?? null,
    attributes: {
      jobId: text('dqm_job_id'),
      priority: text('dqm_priority'),
      tenant: text('dqm_tenant'),
      originalMessageId: text('dqm_message_id'),
    },
    envelope: {
      transport: 'sqs',
      attributes: Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, value]) => [name, brokerValue(value)]),
      ),
      ...(groupId !== undefined && { groupId }),
    },
  };
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
