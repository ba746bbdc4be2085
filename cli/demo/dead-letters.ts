import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { createSqs } from '../../lib/aws.ts';
import type { Config } from '../../lib/config/config.ts';

import { QUEUES } from './config-files.ts';
import type { Stage } from './stage.ts';

/** What a dead letter says of itself. */
export interface DeadLetter {
  /** The original message's. */
  messageId: string;
  type: string;
  reason: string;
}

/** Those that stand in the dead-letter queues now; they stay there. */
export async function deadLetters(stage: Stage, { aws }: Config): Promise<DeadLetter[]> {
  const sqs = createSqs(aws);
  try {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: stage.queueUrls.dead,
        MessageAttributeNames: ['All'],
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
      }),
    );
    const fromSqs = Messages.map(({ MessageAttributes = {} }) =>
      letter((name) => MessageAttributes[name]?.StringValue),
    );
    return [...fromSqs, ...(stage.amqpUrl === undefined ? [] : await amqpLetters(stage.amqpUrl))];
  } finally {
    sqs.destroy();
  }
}

async function amqpLetters(url: string): Promise<DeadLetter[]> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    const found: DeadLetter[] = [];
    // Closing the connection puts what was looked at back.
    for (let message = await channel.get(QUEUES.amqpDead); message; message = await channel.get(QUEUES.amqpDead)) {
      const headers = message.properties.headers ?? {};
      found.push(letter((name) => (headers as Record<string, unknown>)[name] as string | undefined));
    }
    return found;
  } finally {
    await connection.close();
  }
}

const letter = (attribute: (name: string) => string | undefined): DeadLetter => ({
  messageId: attribute('dqm_message_id') ?? '',
  type: attribute('dqm_error_type') ?? '',
  reason: attribute('dqm_error') ?? '',
});
