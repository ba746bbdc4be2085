import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

import type { QueueConfig } from '../lib/config/config.ts';

import { amqpDepth } from './amqp/connection.ts';

/** Messages in the broker's queue; null for a queue without a broker. SQS counts those in flight, AMQP tells only the ready ones. */
export async function brokerDepth(queue: QueueConfig, sqs: SQSClient, signal: AbortSignal): Promise<number | null> {
  switch (queue.kind) {
    case 'sqs': {
      const command = new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: [...COUNTS] });
      const { Attributes = {} } = await sqs.send(command, { abortSignal: signal });
      return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    }
    case 'amqp':
      return amqpDepth(queue);
    case 'direct':
      return null;
    default:
      return queue satisfies never;
  }
}

const COUNTS = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
