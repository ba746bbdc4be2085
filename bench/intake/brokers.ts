import { randomUUID } from 'node:crypto';

import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { connect, type Channel } from 'amqplib';

import type { QueueConfig } from '../../lib/config/config.ts';

import { BODY, POISON, PREFETCH } from './places.ts';

/** Where the messages of a bench wait. */
export interface Broker {
  /** A new queue with so many good messages in it, and among them so many that are no job; gives its name. */
  fill(messages: number, poison?: number): Promise<string>;
  /** Messages that nobody has acknowledged and nobody holds. */
  depth(queue: string): Promise<number>;
  /** The queue as a bridge is given it, with a place for dead letters. */
  config(queue: string): QueueConfig & { kind: 'sqs' | 'amqp' };
  /** The same as lines of a configuration, for a bridge in a process of its own. */
  lines(queue: string, maxWaitingJobs: string): string;
}

const SQS_BATCH = 10;
/** Of both brokers: where dead letters go. */
const DEAD = 'bench-dead';

export async function sqsBroker(sqs: SQSClient, endpoint: string): Promise<Broker> {
  const create = async (QueueName: string): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  const deadLetterUrl = await create(DEAD);
  return {
    fill: async (messages, poison = 0) => {
      const QueueUrl = await create(`bench-${randomUUID()}`);
      const bodies = mixed(messages, poison);
      for (let sent = 0; sent < bodies.length; sent += SQS_BATCH) {
        const batch = bodies.slice(sent, sent + SQS_BATCH);
        const Entries = batch.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
        await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      }
      return QueueUrl;
    },
    depth: async (QueueUrl) => {
      const AttributeNames = ['ApproximateNumberOfMessages' as const];
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      return Number(Attributes?.ApproximateNumberOfMessages);
    },
    config: (url) => ({
      kind: 'sqs',
      name: 'bench',
      url,
      deadLetterUrl,
      acknowledge: 'on_start',
      maxWaitingJobs: 'unlimited',
    }),
    lines: (url, maxWaitingJobs) => `<user aws>
  region eu-west-1
  endpoint ${endpoint}
  access_key_id bench
  secret_access_key bench
  <user queue>
    name bench
    url ${url}
    dead_letter_url ${deadLetterUrl}
    max_waiting_jobs ${maxWaitingJobs}
  </user>
</user>`,
  };
}

export async function amqpBroker(url: string): Promise<Broker> {
  const quorum = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
  const onChannel = async <T>(work: (channel: Channel) => Promise<T>): Promise<T> => {
    const connection = await connect(url);
    const answer = await work(await connection.createChannel());
    await connection.close();
    return answer;
  };
  await onChannel((channel) => channel.assertQueue(DEAD, quorum));
  return {
    fill: async (messages, poison = 0) => {
      const queue = `bench-${randomUUID()}`;
      const connection = await connect(url);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue(queue, quorum);
      for (const body of mixed(messages, poison)) {
        channel.sendToQueue(queue, Buffer.from(body), { messageId: randomUUID(), persistent: true });
      }
      await channel.waitForConfirms();
      await connection.close();
      return queue;
    },
    depth: async (queue) => (await onChannel((channel) => channel.checkQueue(queue))).messageCount,
    config: (queue) => ({
      kind: 'amqp',
      name: 'bench',
      urls: [url],
      tls: {},
      queue,
      prefetch: PREFETCH,
      declare: false,
      deadLetter: { kind: 'queue', queue: DEAD },
      maxWaitingJobs: 'unlimited',
    }),
    lines: (queue, maxWaitingJobs) => `<user amqp>
  <user queue>
    name bench
    url ${url}
    queue ${queue}
    dead_letter_queue ${DEAD}
    max_waiting_jobs ${maxWaitingJobs}
  </user>
</user>`,
  };
}

/** The poison spread evenly among the good ones. */
function mixed(messages: number, poison: number): string[] {
  const bodies = Array.from({ length: messages }, () => BODY);
  for (let nth = 0; nth < poison; nth += 1) bodies.splice(Math.floor(((nth + 0.5) * messages) / poison), 0, POISON);
  return bodies;
}
