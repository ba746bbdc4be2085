import { once } from 'node:events';

import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from '@temporalio/client';
import { connect } from 'amqplib';

import { PREFETCH } from './places.ts';

/** Starts the workflow that intake would start for this message id. */
export type Start = (messageId: string) => Promise<unknown>;

/** As many as a bridge has at most. */
const POLLERS = 4;
const BATCH = 10;

/** The smallest loop over an SQS queue: receive ten, start them, delete ten; until it finds nothing more. */
export async function bareSqs(sqs: SQSClient, QueueUrl: string, start: Start): Promise<void> {
  const poll = async (): Promise<void> => {
    for (;;) {
      const receive = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: BATCH,
        MessageAttributeNames: ['All'],
      });
      const { Messages = [] } = await sqs.send(receive);
      if (Messages.length === 0) return;
      await Promise.all(Messages.map(({ MessageId = '' }) => start(MessageId)));
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  await Promise.all(Array.from({ length: POLLERS }, poll));
}

/** The smallest consumer of an AMQP queue: start, acknowledge; until it has had so many. */
export async function bareAmqp(url: string, queue: string, start: Start, messages: number): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);
  const finished = new EventTarget();
  let done = 0;
  await channel.consume(queue, (message) => {
    if (!message) return;
    void start(String(message.properties.messageId)).then(() => {
      channel.ack(message);
      done += 1;
      if (done === messages) finished.dispatchEvent(new Event('end'));
    });
  });
  await once(finished, 'end');
  await channel.close();
  await connection.close();
}

/** What intake gives the client for one message, with another message's ids in the place of its own. */
export function startLike(client: Client, [type, options]: StartCall): Start {
  const [input] = options.args;
  return (messageId) =>
    client.workflow.start(type, {
      ...options,
      workflowId: `job/bare/${messageId}`,
      memo: { ...options.memo, message_id: messageId, delivery_id: messageId, job_id: messageId },
      args: [{ ...input, jobId: messageId, messageId }],
    });
}

export type StartCall = [type: string, options: StartOptions];

interface StartOptions {
  taskQueue: string;
  args: [Record<string, unknown>];
  memo: Record<string, unknown>;
  [name: string]: unknown;
}
