import { randomUUID } from 'node:crypto';

import { SendMessageBatchCommand, type MessageAttributeValue, type SQSClient } from '@aws-sdk/client-sqs';

import { errorText } from '../../lib/log.ts';

import { createBatcher } from './batcher.ts';
import { EntryRefused, isFinalSqsError, refusals } from './errors.ts';
import { BATCH, isFifo } from './queue.ts';

/** Ten of them fit into one call of any SQS, which took 256 KiB at first. A larger one travels alone. */
const MOST_SHARED_BYTES = 24 * 1024;

/**
 * Sends a body, and gives its message id once SQS has it. Bodies of one moment share a call; none waits for others.
 * Without an answer SQS may have it all the same.
 */
export function createSqsSender(
  sqs: SQSClient,
  url: string,
  attributes: Readonly<Record<string, string>>,
): (body: string) => Promise<string> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]): [string, MessageAttributeValue] => [
      name,
      { DataType: 'String', StringValue },
    ]),
  );

  async function sendAll(bodies: string[]): Promise<ReadonlyMap<number, string | Error>> {
    const Entries = bodies.map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      MessageAttributes,
      ...(isFifo(url) && { MessageGroupId: 'dqm-submit', MessageDeduplicationId: randomUUID() }),
    }));
    const { Successful = [], Failed } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    const sent = Successful.map(({ Id, MessageId = '' }): [number, string] => [Number(Id), MessageId]);
    return new Map<number, string | Error>([...sent, ...refusals('not sent', Failed)]);
  }

  const shared = createBatcher({ most: BATCH, collectMs: 0 }, sendAll);
  const alone = createBatcher({ most: 1, collectMs: 0 }, sendAll);

  async function send(body: string): Promise<string | undefined> {
    if (Buffer.byteLength(body) > MOST_SHARED_BYTES) return alone.add(body);
    try {
      return await shared.add(body);
    } catch (error) {
      if (error instanceof EntryRefused || !isFinalSqsError(error)) throw error;
      // Nothing of that call was taken, and another body may be why.
      return alone.add(body);
    }
  }

  return async (body) => {
    const messageId = await send(body).catch((cause: unknown) => {
      if (isFinalSqsError(cause)) throw cause;
      throw new Error(`not confirmed by SQS at ${new URL(url).origin}: ${errorText(cause)}`, { cause });
    });
    if (!messageId) throw new Error('SQS gave the message no id');
    return messageId;
  };
}
