import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { SqsQueueConfig } from '../../lib/config/config.ts';
import type { DeadLetter, DeadLetterTarget } from '../../lib/contract/dead-letter.ts';
import { sha256 } from '../../lib/contract/ids.ts';
import { errorText, type Log } from '../../lib/log.ts';

import { marksOf, NoSuchTarget, storedAt } from '../dead-letters/dead-letter.ts';

import { isAccessDenied, isFinalSqsError, shownUrl, sqsAdvice } from './errors.ts';
import { sqsAttributes, type SqsAttributes } from './message.ts';
import { isFifo } from './queue.ts';

/** SQS's own limit; a message with more is refused. */
const MAX_ATTRIBUTES = 10;
/** SQS's largest message, attributes included; a queue may allow less, and then refuses. */
const MAX_BYTES = 1_048_576;
/** Less of a reason helps nobody. */
const SHORTEST_REASON = 40;

/** `dead_letter_url`, else the queue of the queue's own RedrivePolicy, else none. Rejects when the queue is not there. */
export async function sqsDeadLetterUrl(
  sqs: SQSClient,
  queue: SqsQueueConfig,
  log: Log,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['RedrivePolicy'] }),
      { abortSignal: signal },
    );
    return queue.deadLetterUrl ?? (await redriveUrl(sqs, Attributes?.['RedrivePolicy'], signal));
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    if (queue.deadLetterUrl === undefined) {
      log.warn('The RedrivePolicy cannot be read, rejected messages are held in workflows', {
        queue: queue.name,
        reason: `${errorText(error)} (needs sqs:GetQueueAttributes and sqs:GetQueueUrl, or set dead_letter_url)`,
      });
    }
    return queue.deadLetterUrl;
  }
}

async function redriveUrl(
  sqs: SQSClient,
  policy: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { deadLetterTargetArn } = JSON.parse(policy ?? '{}') as { deadLetterTargetArn?: string };
  if (deadLetterTargetArn === undefined) return undefined;
  // arn:aws:sqs:eu-west-1:123456789012:render-jobs-dead
  const [, , , , account, name] = deadLetterTargetArn.split(':');
  const command = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account });
  return (await sqs.send(command, { abortSignal: signal })).QueueUrl;
}

/** For failed jobs, whose dead letters are too few to remember anything between two of them. */
export const createSqsDeadLetters = (sqs: SQSClient, queue: SqsQueueConfig, log: Log): DeadLetterTarget => ({
  store: async (letter) => {
    const url = queue.deadLetterUrl ?? (await ownTarget(sqs, queue, log));
    if (url === undefined) return { outcome: 'none', reason: 'the queue has no dead-letter queue' };
    return storedAt(shownUrl(url), () => sendSqsDeadLetter(sqs, url, letter));
  },
});

const LOOK_LIMIT_MS = 10_000;

async function ownTarget(sqs: SQSClient, queue: SqsQueueConfig, log: Log): Promise<string | undefined> {
  try {
    return await sqsDeadLetterUrl(sqs, queue, log, AbortSignal.timeout(LOOK_LIMIT_MS));
  } catch (error) {
    // The queue itself is gone, or the one that its policy names.
    if (isFinalSqsError(error)) return undefined;
    throw error;
  }
}

/** Sends body and attributes with the marks. Rejects with `NoSuchTarget` when the target can never take it. */
export async function sendSqsDeadLetter(sqs: SQSClient, url: string, letter: DeadLetter): Promise<void> {
  const command = new SendMessageCommand(sqsDeadLetter(url, letter));
  try {
    await sqs.send(command);
  } catch (error) {
    if (isFinalSqsError(error))
      throw new NoSuchTarget(`dead letters to ${shownUrl(url)}: ${sqsAdvice(error)}`, { cause: error });
    throw error;
  }
}

/** Throws `NoSuchTarget` when SQS's limits leave no room for the marks. */
export function sqsDeadLetter(url: string, letter: DeadLetter): SendMessageCommandInput {
  const { body, envelope, error, messageId, occurrence } = letter;
  const { dqm_error: reason, ...marks } = marksOf(letter);
  const kept = { ...sqsAttributes(envelope), ...texts(marks) };
  const room = MAX_BYTES - body.length - sizeOf(kept) - sizeOf(texts({ dqm_error: '' }));
  const attributes = { ...kept, ...texts({ dqm_error: cutToBytes(reason, room) }) };
  if (Object.keys(attributes).length > MAX_ATTRIBUTES) {
    throw new NoSuchTarget(`with our marks it would have more than ${MAX_ATTRIBUTES} attributes`);
  }
  if (room < Math.min(SHORTEST_REASON, Buffer.byteLength(reason))) {
    throw new NoSuchTarget(`with our marks it would have more than ${MAX_BYTES} bytes`);
  }
  const groupId = envelope.transport === 'sqs' ? envelope.groupId : undefined;
  return {
    QueueUrl: url,
    MessageBody: Buffer.from(body).toString(),
    MessageAttributes: attributes,
    ...(groupId !== undefined && { MessageGroupId: groupId }),
    ...(isFifo(url) && {
      MessageGroupId: groupId ?? 'dqm',
      // A second attempt within five minutes adds no second dead letter.
      MessageDeduplicationId: sha256(`${messageId}\0${occurrence}\0${error.type}`),
    }),
  };
}

const texts = (marks: object): SqsAttributes =>
  Object.fromEntries(
    Object.entries(marks).map(([name, value]) => [name, { DataType: 'String', StringValue: String(value) }]),
  );

/** Name, type and value of each count. */
const sizeOf = (attributes: SqsAttributes): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      sum + Buffer.byteLength(name + DataType) + (BinaryValue?.length ?? Buffer.byteLength(StringValue)),
    0,
  );

/** An attribute may not be empty, and ends in a whole character. */
function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const cut = Buffer.from(text).subarray(0, Math.max(bytes, 1));
  return cut.toString().replace(/\uFFFD+$/, '') || '?';
}
