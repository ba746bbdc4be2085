import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { createSqs } from '../../lib/aws.ts';

/** Where a message goes. */
export type Queue = { kind: 'sqs'; endpoint: string; url: string } | { kind: 'amqp'; url: string; queue: string };

/** The least that puts a message into a queue for sure: one call of SQS, or one confirmed publish. */
export async function openPlainSend(queue: Queue): Promise<(body: string) => Promise<void>> {
  switch (queue.kind) {
    case 'sqs': {
      const sqs = benchSqs(queue.endpoint);
      return async (body) => void (await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body })));
    }
    case 'amqp': {
      const channel = await (await connect(queue.url)).createConfirmChannel();
      return (body) =>
        new Promise((resolve, reject) => {
          const options = { persistent: true, mandatory: true };
          channel.publish('', queue.queue, Buffer.from(body), options, (error) => (error ? reject(error) : resolve()));
        });
    }
    default:
      return queue satisfies never;
  }
}

export function benchSqs(endpoint: string) {
  const client = { region: 'eu-west-1', endpoint, credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };
  return createSqs({ sqs: client, s3: { ...client, pathStyle: true } });
}
