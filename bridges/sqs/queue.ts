import { randomUUID } from 'node:crypto';

import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import { systemClock, type Clock } from '../../lib/clock.ts';
import { errorText } from '../../lib/log.ts';

import { inHand } from '../intake/in-hand.ts';

import { createBatcher } from './batcher.ts';
import { isFinalSqsError, refusals } from './errors.ts';
import { createHolds, VISIBILITY_SECONDS, type Hold } from './holds.ts';

/** SQS's largest of each. */
export const BATCH = 10;
const COLLECTED = { most: BATCH, collectMs: 20 };
/**
 * A poll cannot be called back: what SQS hands to one that was given up, nobody sees until its visibility ends. So a
 * bridge that stops waits for its open polls, and they are no longer than a person waits for a program to end.
 */
const LONG_POLL_SECONDS = 5;

/** The calls that a bridge makes of one queue. */
export interface SqsQueue {
  /** Up to `most` messages, ten at most; waits up to 5 s for the first. */
  receive(most: number): Promise<Message[]>;
  /** Tries for up to 60 s, once when `signal` is aborted. Rejects when SQS did not delete it: it will be seen again. */
  remove(message: Message, signal: AbortSignal): Promise<void>;
  /** To be seen again, by others than the polls that are open now; tries as long. */
  giveBack(message: Message, signal: AbortSignal): Promise<void>;
  /** Keeps a message from being seen until the hold is let go. */
  hold(message: Message): Hold;
}

export function createSqsQueue(sqs: SQSClient, url: string, clock: Clock = systemClock): SqsQueue {
  const removals = createBatcher<Message>(COLLECTED, async (messages) => {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    const { Failed } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    return new Map(refusals('not deleted', Failed));
  });
  const visibilities = createBatcher<{ message: Message; seconds: number }>(COLLECTED, async (entries) => {
    const Entries = entries.map(({ message: { ReceiptHandle }, seconds }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: seconds,
    }));
    const { Failed } = await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
    return new Map(refusals('visibility not changed', Failed));
  });

  const insistently = async (call: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    let failure: unknown;
    const attempt = async () => {
      try {
        await call();
        return { done: true };
      } catch (error) {
        if (isFinalSqsError(error)) throw error;
        failure = error;
        return { again: errorText(error) };
      }
    };
    if ('again' in (await inHand(attempt, clock, signal))) throw failure;
  };

  const polls = new Set<Promise<Message[]>>();
  const keepsOrder = isFifo(url);

  async function poll(most: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: Math.min(most, BATCH),
      WaitTimeSeconds: LONG_POLL_SECONDS,
      VisibilityTimeout: VISIBILITY_SECONDS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
      // The SDK's own repetition of a lost answer then gets the same messages: their group is not blocked.
      ...(keepsOrder && { ReceiveRequestAttemptId: randomUUID() }),
    });
    return (await sqs.send(command)).Messages ?? [];
  }

  return {
    receive: (most) => {
      const polled: Promise<Message[]> = poll(most).finally(() => polls.delete(polled));
      polls.add(polled);
      return polled;
    },
    remove: (message, signal) => insistently(() => removals.add(message), signal),
    giveBack: async (message, signal) => {
      // One of our own would take it at once, and SQS count that.
      await Promise.allSettled(polls);
      await insistently(() => visibilities.add({ message, seconds: 0 }), signal);
    },
    hold: createHolds({ hide: (message, seconds) => visibilities.add({ message, seconds }), clock }),
  };
}

export const isFifo = (url: string): boolean => new URL(url).pathname.endsWith('.fifo');
