import { GetQueueAttributesCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';

import type { SqsQueueConfig } from '../../lib/config/config.ts';
import { errorText, type Log } from '../../lib/log.ts';
import { untilAborted } from '../../lib/run.ts';

import type { Ends } from '../bridge.ts';
import type { Endings, JobEnding } from '../endings.ts';

import { isAccessDenied } from './errors.ts';
import type { Hold } from './holds.ts';
import type { SqsQueue } from './queue.ts';

/** A message whose job is in the engine. */
export interface HeldMessage {
  received: Message;
  hold: Hold;
  workflowId: string;
  /** False: the job was there already, and may have ended. */
  isNew: boolean;
}

/** `acknowledge on_completion`: messages that stay in flight until their jobs end. */
export interface Completions {
  keep(message: HeldMessage): void;
  /** Settles when every message that was kept is settled: at the latest when the bridge is drained. */
  whenSettled(): Promise<void>;
}

export interface CompletionsDeps {
  queue: SqsQueueConfig;
  calls: SqsQueue;
  endings: Endings;
  log: Log;
}

export function createCompletions(deps: CompletionsDeps, ends: Ends): Completions {
  const kept = new Set<Promise<void>>();
  return {
    keep: (message) => {
      const settled: Promise<void> = settleAtEnd(message, deps, ends).finally(() => kept.delete(settled));
      kept.add(settled);
    },
    whenSettled: async () => {
      await Promise.all(kept);
    },
  };
}

/** Never rejects: what cannot be settled is seen again when its visibility ends, and recognised. */
async function settleAtEnd(
  { received, hold, workflowId, isNew }: HeldMessage,
  { queue, calls, endings, log }: CompletionsDeps,
  { stopping, drained }: Ends,
): Promise<void> {
  const facts = { queue: queue.name, messageId: received.MessageId, workflowId };
  const given = AbortSignal.any([hold.lost, drained]);
  const ending = await untilAborted<JobEnding | undefined>(endings.ended(workflowId, isNew), given, undefined);
  try {
    switch (ending) {
      case 'completed':
      case 'cancelled':
        await calls.remove(received, stopping);
        return log.info('Job ended, its message is deleted', { ...facts, ending });
      case 'failed':
        // At once: the RedrivePolicy counts it, and ends it in the dead-letter queue.
        await calls.giveBack(received, stopping);
        return log.warn('Job failed, its message is shown again', { ...facts, ending });
      case undefined:
        if (!hold.lost.aborted) await calls.giveBack(received, stopping);
        return log.info('Job goes on without its message, whoever receives it next takes it up', facts);
      default:
        ending satisfies never;
    }
  } catch (error) {
    log.warn('Message not settled, the queue shows it again', { ...facts, reason: errorText(error) });
  } finally {
    hold.letGo();
  }
}

/** Why this queue cannot do what its `acknowledge` says; undefined when it can. Rejects while SQS cannot be asked. */
export async function completionRefusal(
  sqs: SQSClient,
  { name, url, acknowledge }: SqsQueueConfig,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (acknowledge === 'on_start') return undefined;
  const why = `queue ${name}: acknowledge on_completion needs a RedrivePolicy: without one a job that fails runs again for ever`;
  try {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] });
    const { Attributes } = await sqs.send(command, signal && { abortSignal: signal });
    return Attributes?.['RedrivePolicy'] === undefined ? why : undefined;
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    return `${why}; it cannot be read, which needs sqs:GetQueueAttributes (${errorText(error)})`;
  }
}
