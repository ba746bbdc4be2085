import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import type { Broker, SentMessage } from './audit.ts';

const PAUSE_MS = 250;

export interface ProducerDeps {
  sqs: SQSClient;
  sqsUrl: string;
  amqpUrl: string;
  amqpQueue: string;
  random(): number;
}

/**
 * Sends to both brokers until `signal` is aborted: mostly good messages, some that are rejected, some twice under one job
 * id. Gives what it sent.
 */
export async function produce(deps: ProducerDeps, signal: AbortSignal): Promise<SentMessage[]> {
  const connection = await connect(deps.amqpUrl);
  const channel = await connection.createConfirmChannel();
  const send: Record<Broker, (body: string) => Promise<string>> = {
    SQS: async (MessageBody) => {
      const { MessageId = '' } = await deps.sqs.send(new SendMessageCommand({ QueueUrl: deps.sqsUrl, MessageBody }));
      return MessageId;
    },
    AMQP: async (body) => {
      const messageId = randomUUID();
      channel.sendToQueue(deps.amqpQueue, Buffer.from(body), { messageId, persistent: true });
      await channel.waitForConfirms();
      return messageId;
    },
  };
  const sent: SentMessage[] = [];
  for (let number = 1; !signal.aborted; number += 1) {
    for (const broker of ['SQS', 'AMQP'] as const)
      sent.push(...(await sendOne(send[broker], broker, number, deps.random)));
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  await connection.close();
  return sent;
}

async function sendOne(
  send: (body: string) => Promise<string>,
  broker: Broker,
  number: number,
  random: () => number,
): Promise<SentMessage[]> {
  const kind = random();
  const parameters = { broker, number };
  if (kind < 0.08) {
    const messageId = await send(JSON.stringify({ command: 'format_disk', parameters }));
    return [{ broker, messageId, jobId: messageId, number, isBad: true }];
  }
  if (kind < 0.16) {
    const jobId = `twice-${number}`;
    const body = JSON.stringify({ command: 'echo', parameters, dqm: { job_id: jobId } });
    const ids = [await send(body), await send(body)];
    return ids.map((messageId) => ({ broker, messageId, jobId, number, isBad: false }));
  }
  const messageId = await send(JSON.stringify({ command: 'echo', parameters }));
  return [{ broker, messageId, jobId: messageId, number, isBad: false }];
}
