import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import { createBatcher } from './batcher.ts';

/** SQS's largest of each. */
export const BATCH = 10;
const LONG_POLL_SECONDS = 20;
/** Of a bridge that dies, messages are seen again this soon; who lives extends it. */
const VISIBILITY_SECONDS = 60;
/** Twice in a visibility: one call may fail. */
const EXTEND_EVERY_MS = 25_000;

/** The calls that a bridge makes of one queue. */
export interface SqsQueue {
  /** Up to ten messages; waits up to 20 s for the first. */
  receive(signal: AbortSignal): Promise<Message[]>;
  /** Rejects when SQS did not delete it: it will be seen again. */
  remove(message: Message): Promise<void>;
  /** To be seen again at once. */
  giveBack(message: Message): Promise<void>;
  /** Keeps a message from being seen while `work` has it in hand. */
  whileInvisible<T>(message: Message, work: () => Promise<T>): Promise<T>;
}

export function createSqsQueue(sqs: SQSClient, url: string): SqsQueue {
  const removals = createBatcher<Message>(BATCH, async (messages) => {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    const { Failed = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    return new Map(
      Failed.map(({ Id, Code, Message: text }) => [Number(Id), new Error(`not deleted: ${Code} ${text}`)]),
    );
  });

  const setVisibility = async ({ ReceiptHandle }: Message, seconds: number): Promise<void> => {
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: seconds }));
  };

  return {
    receive: async (signal) => {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: BATCH,
        WaitTimeSeconds: LONG_POLL_SECONDS,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      });
      return (await sqs.send(command, { abortSignal: signal })).Messages ?? [];
    },
    remove: (message) => removals.add(message),
    giveBack: (message) => setVisibility(message, 0),
    whileInvisible: async (message, work) => {
      // What cannot be extended is seen again, and recognised.
      const extend = (): void => void setVisibility(message, VISIBILITY_SECONDS).catch(() => undefined);
      const timer = setInterval(extend, EXTEND_EVERY_MS);
      try {
        return await work();
      } finally {
        clearInterval(timer);
      }
    },
  };
}
