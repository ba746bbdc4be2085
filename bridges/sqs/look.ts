import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { SqsQueueConfig } from '../../lib/config/config.ts';

import { LEAST_LEFT, LookRefused, type Looked, type LookOptions } from '../look.ts';

import { isAccessDenied } from './errors.ts';
import { sqsQueueMessage } from './message.ts';
import { BATCH } from './queue.ts';

/** A queue that dead-letters sooner has no delivery to spare for a look. */
const LEAST_RECEIVE_COUNT = 5;
/** Long enough for a look at all of them, one by one; whoever dies in it leaves them hidden no longer. */
const HIDDEN_SECONDS = 120;
/** SQS asks only some of its servers when it does not wait. */
const WAIT_SECONDS = 2;

/** Messages are hidden while the look lasts, so that none is seen twice, and visible again after it. */
export async function lookAtSqs(
  { name, url }: SqsQueueConfig,
  sqs: SQSClient,
  { limit, force }: LookOptions,
): Promise<Looked> {
  const most = await maxReceiveCount(sqs, url);
  if (!force) refuseLow(name, most);
  // Where deliveries count, none may be spent on those behind the message that ends the look.
  const atOnce = most === undefined ? BATCH : 1;
  const received: Message[] = [];
  try {
    while (received.length < limit) {
      const batch = await receive(sqs, url, Math.min(limit - received.length, atOnce));
      received.push(...batch);
      if (batch.length === 0) return looked(name, received);
      const worn = batch.find((message) => typeof most === 'number' && most - receiveCount(message) <= LEAST_LEFT);
      if (worn) return { ...looked(name, received), stopped: wornText(worn, most) };
    }
    return looked(name, received);
  } finally {
    await giveBack(sqs, url, received);
  }
}

const looked = (name: string, received: readonly Message[]): Looked => ({
  messages: received.map((message) => sqsQueueMessage(name, message)),
});

/** `undefined`: the queue dead-letters nothing by itself. */
async function maxReceiveCount(sqs: SQSClient, url: string): Promise<number | 'unknown' | undefined> {
  try {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] });
    const { Attributes } = await sqs.send(command);
    const policy = JSON.parse(Attributes?.['RedrivePolicy'] ?? '{}') as { maxReceiveCount?: number | string };
    return policy.maxReceiveCount === undefined ? undefined : Number(policy.maxReceiveCount);
  } catch (error) {
    if (isAccessDenied(error)) return 'unknown';
    throw error;
  }
}

function refuseLow(name: string, most: number | 'unknown' | undefined): void {
  const counts = 'a look counts as a delivery';
  if (most === 'unknown') {
    throw new LookRefused(
      `queue ${name}: ${counts}, and its RedrivePolicy cannot be read (needs sqs:GetQueueAttributes); --force looks all the same`,
    );
  }
  if (most === undefined || most >= LEAST_RECEIVE_COUNT) return;
  throw new LookRefused(
    `queue ${name}: ${counts}, and its maxReceiveCount of ${most} is under ${LEAST_RECEIVE_COUNT}; raise it, or --force looks all the same`,
  );
}

async function receive(sqs: SQSClient, url: string, count: number): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: count,
    WaitTimeSeconds: WAIT_SECONDS,
    VisibilityTimeout: HIDDEN_SECONDS,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['All'],
  });
  return (await sqs.send(command)).Messages ?? [];
}

const receiveCount = ({ Attributes }: Message): number => Number(Attributes?.ApproximateReceiveCount ?? 1);

const wornText = (message: Message, most: unknown): string =>
  `message ${message.MessageId} was received ${receiveCount(message)} times, and ${String(most)} send it to the dead-letter queue`;

/** What cannot be given back shows itself again within a minute. */
async function giveBack(sqs: SQSClient, url: string, received: readonly Message[]): Promise<void> {
  for (let first = 0; first < received.length; first += BATCH) {
    const Entries = received
      .slice(first, first + BATCH)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
  }
}
