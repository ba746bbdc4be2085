import { randomUUID } from 'node:crypto';

import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { createSqs } from '../../lib/aws.ts';
import type { Config } from '../../lib/config/config.ts';

import { QUEUES } from './config-files.ts';
import type { DemoMessage } from './messages.ts';
import type { Stage } from './stage.ts';

/** A message that was sent, by the broker's id. */
export type Sent = DemoMessage & { messageId: string };

/** Puts the messages into the queues as any program would: nothing of dqm is in it. */
export async function produce(messages: readonly DemoMessage[], stage: Stage, { aws }: Config): Promise<Sent[]> {
  const sqs = createSqs(aws);
  const amqp = stage.amqpUrl === undefined ? undefined : await connect(stage.amqpUrl);
  try {
    const channel = await amqp?.createConfirmChannel();
    const sent: Sent[] = [];
    for (const message of messages) {
      if (message.broker === 'amqp' && channel) {
        const messageId = randomUUID();
        channel.sendToQueue(QUEUES.amqp, Buffer.from(message.body), { messageId, persistent: true });
        sent.push({ ...message, messageId });
      } else {
        const QueueUrl = stage.queueUrls.jobs;
        const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: message.body }));
        sent.push({ ...message, broker: 'sqs', messageId: MessageId });
      }
    }
    await channel?.waitForConfirms();
    return sent;
  } finally {
    await amqp?.close();
    sqs.destroy();
  }
}
