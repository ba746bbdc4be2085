import { randomUUID } from 'node:crypto';

import { CreateQueueCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';

import type { Peer } from './peer.ts';

/** The usual consumer: takes one message, renders, uploads, deletes it. */
export const sqsConsumerPeer = (sqs: SQSClient): Peer => ({
  name: 'sqs-consumer 11',
  run: async (jobs, { render, upload }) => {
    const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: randomUUID() }));
    for (let job = 0; job < jobs; job += 1)
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: String(job) }));
    let done = 0;
    await new Promise<void>((resolve, reject) => {
      const consumer = Consumer.create({
        queueUrl,
        sqs,
        batchSize: 1,
        handleMessage: async (message) => {
          await render();
          await upload();
          return message;
        },
      });
      consumer.on('message_processed', () => {
        done += 1;
        if (done === jobs) consumer.stop();
      });
      consumer.on('stopped', () => resolve());
      consumer.on('error', reject);
      consumer.on('processing_error', reject);
      consumer.start();
    });
  },
});
