import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { SqsQueueConfig } from '../../lib/config/config.ts';

import { ERROR_MARKS, type DeadLetterQueue, type HeldLetter } from '../dead-letters/dead-letter-queue.ts';

import { shownUrl } from './errors.ts';
import { sqsQueueMessage } from './message.ts';

/** Longer than a person thinks about a question; a killed process keeps its letters from others for so long. */
const HOLD_SECONDS = 600;
/** Asks every part of the queue: a short poll may miss messages that are there. */
const WAIT_SECONDS = 1;
const MOST_AT_ONCE = 10;

/** Dead letters of an SQS queue that lie at `url`. */
export function sqsDeadLetterQueue(sqs: SQSClient, queue: SqsQueueConfig, url: string): DeadLetterQueue {
  const held = new Map<string, string>();

  const settle = async (received: Message): Promise<void> => {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: received.ReceiptHandle }));
    held.delete(received.MessageId ?? '');
  };

  const letter = (received: Message): HeldLetter => {
    const mark = (name: string): string | undefined => received.MessageAttributes?.[name]?.StringValue;
    const type = mark('dqm_error_type');
    return {
      message: sqsQueueMessage(queue.name, received),
      mark: type === undefined ? undefined : { type, reason: mark('dqm_error') ?? '' },
      redrive: async () => {
        await sqs.send(new SendMessageCommand(original(queue.url, received)));
        await settle(received);
      },
      drop: () => settle(received),
    };
  };

  return {
    name: shownUrl(url),
    hold: async (most) => {
      const letters: HeldLetter[] = [];
      while (letters.length < most) {
        const messages = await receive(sqs, url, Math.min(most - letters.length, MOST_AT_ONCE));
        const fresh = messages.filter(({ MessageId = '' }) => !held.has(MessageId));
        for (const message of messages) held.set(message.MessageId ?? '', message.ReceiptHandle ?? '');
        letters.push(...fresh.map(letter));
        if (fresh.length === 0) break;
      }
      return letters;
    },
    close: async () => {
      for (const ReceiptHandle of held.values()) {
        const letGo = new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
        // Somebody else has it by now, or it comes back by itself.
        await sqs.send(letGo).catch(() => undefined);
      }
    },
  };
}

async function receive(sqs: SQSClient, url: string, most: number): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: most,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
      VisibilityTimeout: HOLD_SECONDS,
      WaitTimeSeconds: WAIT_SECONDS,
    }),
  );
  return Messages;
}

/** Body and attributes, without why it failed: ids stay, so that it is the same job. */
function original(
  url: string,
  { Body, MessageId, MessageAttributes = {}, Attributes }: Message,
): SendMessageCommandInput {
  const kept = Object.entries(MessageAttributes).filter(([name]) => !ERROR_MARKS.includes(name));
  return {
    QueueUrl: url,
    MessageBody: Body,
    MessageAttributes: Object.fromEntries(
      kept.map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        { DataType, ...(BinaryValue ? { BinaryValue } : { StringValue }) },
      ]),
    ),
    ...(url.endsWith('.fifo') && {
      MessageGroupId: Attributes?.MessageGroupId ?? 'dqm',
      // A second attempt within five minutes adds no second message.
      MessageDeduplicationId: `redrive-${MessageId}`,
    }),
  };
}
