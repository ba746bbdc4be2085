import { randomUUID } from 'node:crypto';

import type { SQSClient } from '@aws-sdk/client-sqs';

import type { AmqpQueueConfig, QueueConfig, SqsQueueConfig } from '../lib/config/config.ts';

import type { FailureType } from '../lib/contract/failures.ts';
import { errorText } from '../lib/log.ts';

import { connectInTurn } from './amqp/connection.ts';
import { createPublisher, PublishBlocked, PublishRefused } from './amqp/publisher.ts';
import type { Intake } from './intake/intake.ts';
import { createSqsSender } from './sqs/sender.ts';

/** What a producer may say beside the body. */
export interface SubmitAttributes {
  dqm_job_id?: string;
  dqm_priority?: string;
  dqm_tenant?: string;
}

export interface Submitted {
  messageId: string;
  jobId: string;
}

export interface SendDeps {
  sqs: SQSClient;
  /** For queues without a broker. */
  intake(): Promise<Intake>;
}

/** `jobId`: the body's own, where it has one. */
export interface Submission {
  body: Buffer;
  jobId: string | undefined;
}

/** Puts messages into a queue as a producer would. Rejects when the broker did not take one; those before it are in. */
export async function* send(
  queue: QueueConfig,
  submissions: AsyncIterable<Submission>,
  attributes: SubmitAttributes,
  deps: SendDeps,
): AsyncGenerator<Submitted> {
  const sender = await openSender(queue, attributes, deps);
  try {
    for await (const { body, jobId = attributes.dqm_job_id } of submissions) {
      const messageId = await sender.send(body).catch((cause: unknown) => {
        throw new Error(`queue ${queue.name}: ${errorText(cause)}`, { cause });
      });
      // Both brokers' ids, and ours, are what intake makes an identity of.
      yield { messageId, jobId: jobId ?? messageId };
    }
  } finally {
    await sender.close();
  }
}

/** A queue without a broker will not have this job: who sent it must mend it. */
export class SubmissionRefused extends Error {
  override readonly name = 'SubmissionRefused';
  readonly type: FailureType;
  readonly reason: string;

  constructor(type: FailureType, reason: string) {
    super(`${type}: ${reason}`);
    this.type = type;
    this.reason = reason;
  }
}

/** One queue's way in, for any number of messages. */
export interface Sender {
  /** Gives the message id once the broker has it. `not confirmed` of an error: it may have it all the same. */
  send(body: Buffer): Promise<string>;
  /** Called when its connection has ended: nothing more can be sent. */
  onEnd(listener: () => void): void;
  close(): Promise<void>;
}

export function openSender(
  queue: QueueConfig,
  attributes: SubmitAttributes,
  { sqs, intake }: SendDeps,
): Promise<Sender> {
  switch (queue.kind) {
    case 'sqs':
      return Promise.resolve(sqsSender(queue, attributes, sqs));
    case 'amqp':
      return openAmqp(queue, attributes);
    case 'direct':
      return openDirect(queue.name, attributes, intake);
    default:
      return queue satisfies never;
  }
}

function sqsSender({ url }: SqsQueueConfig, attributes: SubmitAttributes, sqs: SQSClient): Sender {
  const send = createSqsSender(sqs, url, { ...attributes });
  return { send: (body) => send(body.toString()), onEnd: () => undefined, close: async () => undefined };
}

async function openAmqp(queue: AmqpQueueConfig, attributes: SubmitAttributes): Promise<Sender> {
  const connection = await connectInTurn(queue);
  const publisher = createPublisher(connection);
  const { exchange = '', routingKey = queue.queue } = queue;
  return {
    send: async (content) => {
      const messageId = randomUUID();
      const options = { messageId, contentType: 'application/json', headers: { ...attributes } };
      try {
        await publisher.publish({ exchange, routingKey, content, options });
      } catch (cause) {
        // What was on its way when an alarm began may still arrive.
        const isOut = cause instanceof PublishRefused && !(cause instanceof PublishBlocked);
        throw new Error(`${isOut ? 'not sent' : 'not confirmed by RabbitMQ'}: ${errorText(cause)}`, { cause });
      }
      return messageId;
    },
    onEnd: (listener) => connection.once('close', listener),
    close: () => connection.close(),
  };
}

async function openDirect(
  queue: string,
  { dqm_job_id: jobId, dqm_priority: priority, dqm_tenant: tenant }: SubmitAttributes,
  openIntake: SendDeps['intake'],
): Promise<Sender> {
  const intake = await openIntake();
  return {
    send: async (body) => {
      const messageId = randomUUID();
      const attributes = { jobId, priority, tenant };
      const message = { queue, body, messageId, attributes, envelope: { transport: 'direct' as const } };
      // Aborted already: one attempt, since a person waits.
      const verdict = await intake.judge(message, AbortSignal.abort());
      if (verdict.outcome === 'rejected') throw new SubmissionRefused(verdict.type, verdict.reason);
      if (verdict.outcome === 'unavailable') throw new Error(verdict.reason);
      return messageId;
    },
    onEnd: () => undefined,
    close: async () => undefined,
  };
}
