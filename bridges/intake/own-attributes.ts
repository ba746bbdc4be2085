import type { BrokerValue, Envelope } from '../../lib/contract/job-input.ts';
import type { MessageAttributes, QueueMessage } from '../../lib/contract/queue-message.ts';

/** What an envelope says that is ours to read: our attributes or headers, and AMQP's own priority. */
export function ownAttributes(envelope: Envelope): Pick<QueueMessage, 'attributes' | 'brokerPriority'> {
  switch (envelope.transport) {
    case 'sqs':
      return { attributes: attributesOf(envelope.attributes) };
    case 'amqp': {
      const { value: priority } = envelope.properties['priority'] ?? {};
      return {
        attributes: attributesOf(envelope.headers),
        ...(typeof priority === 'number' && { brokerPriority: priority }),
      };
    }
    case 'direct':
      return { attributes: {} };
    default:
      return envelope satisfies never;
  }
}

function attributesOf(values: Record<string, BrokerValue>): MessageAttributes {
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value && isText(value) ? String(value.value) : undefined;
  };
  return {
    jobId: text('dqm_job_id'),
    priority: text('dqm_priority'),
    tenant: text('dqm_tenant'),
    originalMessageId: text('dqm_message_id'),
  };
}

/** SQS's texts and numbers, which may have a label of the producer's behind a dot; then AMQP's. */
const isText = ({ type }: BrokerValue): boolean => /^(String|Number)(\.|$)|^(string|integer|double)$/.test(type);
