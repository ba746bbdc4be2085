import { randomUUID } from 'node:crypto';

import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { Command, Service } from '@migenius/realityserver-client';
import { connect } from 'amqplib';
import { WebSocket } from 'ws';

import { createSqs } from '../../lib/aws.ts';
import type { Config } from '../../lib/config/config.ts';

import { QUEUES } from './config-files.ts';
import type { DemoMessage } from './messages.ts';
import type { Stage } from './stage.ts';

/** A message that was sent, by the broker's id. */
export type Sent = DemoMessage & { messageId: string };

/** Where messages may be put. */
export type Ways = Pick<Stage, 'queueUrls' | 'amqpUrl'> & {
  /** `host:port`; absent: it is not open. */
  gateway?: string;
};

/** Puts the messages into the queues as any program would: nothing of dqm is in it. */
export async function produce(messages: readonly DemoMessage[], ways: Ways, { aws }: Config): Promise<Sent[]> {
  const sqs = createSqs(aws);
  const amqp = ways.amqpUrl === undefined ? undefined : await connect(ways.amqpUrl);
  try {
    const channel = await amqp?.createConfirmChannel();
    const sent: Sent[] = [];
    for (const message of messages) {
      const { way, body } = message;
      if (way === 'amqp' && channel) {
        const messageId = randomUUID();
        channel.sendToQueue(QUEUES.amqp, Buffer.from(body), { messageId, persistent: true });
        sent.push({ ...message, messageId });
      } else if (way === 'gateway' && ways.gateway !== undefined) {
        sent.push({ ...message, messageId: await submit(body, ways.gateway) });
      } else {
        const QueueUrl = ways.queueUrls.jobs;
        const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
        sent.push({ ...message, way: 'sqs', messageId: MessageId });
      }
    }
    await channel?.waitForConfirms();
    return sent;
  } finally {
    await amqp?.close();
    sqs.destroy();
  }
}

/** As a page in a browser does that speaks to RealityServer: with the vendor's own client, over the WebSocket. */
async function submit(body: string, gateway: string): Promise<string> {
  const client = new Service();
  await client.connect(new WebSocket(`ws://${gateway}/service/`));
  try {
    const job = JSON.parse(body) as Record<string, unknown>;
    const [answer] = await client.execute_command(
      new Command('queue_manager_submit_job', { queue_name: 'demo_sqs', ...job }),
      { want_response: true },
    );
    return (answer as { message_id: string }).message_id;
  } finally {
    client.close();
  }
}
