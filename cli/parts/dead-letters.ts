import type { NativeConnection } from '@temporalio/worker';

import { createAmqpDeadLetters } from '../../bridges/amqp/dead-letter.ts';
import { createSqsDeadLetters } from '../../bridges/sqs/dead-letter.ts';
import { createSqs } from '../../lib/aws.ts';
import type { QueueConfig } from '../../lib/config/config.ts';
import type { DeadLetterTarget } from '../../lib/contract/dead-letter.ts';
import { connectWorker } from '../../lib/temporal.ts';
import { startDeadLetterWorker } from '../../workers/dead-letters.ts';

import type { Shared } from './shared.ts';

/** Stores dead letters of jobs that failed, for each queue that has a broker. */
export async function openDeadLetters(shared: Shared, queues: readonly QueueConfig[]): Promise<void> {
  const { config, temporal, opened, store, log } = shared;
  const targets = queues.flatMap((queue) => {
    const target = targetOf(queue, shared);
    return target ? [{ queue: queue.name, target }] : [];
  });
  if (targets.length === 0) return;
  // One for all: only workers of one task queue need each their own.
  const connection: NativeConnection = await connectWorker(temporal, { log, signal: opened.signal });
  opened.closes(() => connection.close());
  for (const { queue, target } of targets) {
    opened.runs(
      await startDeadLetterWorker({
        connection,
        namespace: temporal.namespace,
        dataConverter: temporal.dataConverter,
        queue,
        target,
        store,
        drainTimeoutMs: config.dqm.drainTimeoutMs,
      }),
    );
  }
}

function targetOf(queue: QueueConfig, { config, opened, log }: Shared): DeadLetterTarget | undefined {
  switch (queue.kind) {
    case 'sqs': {
      const sqs = createSqs(config.aws);
      opened.closes(() => sqs.destroy());
      return createSqsDeadLetters(sqs, queue, log);
    }
    case 'amqp': {
      const target = createAmqpDeadLetters(queue, log);
      opened.closes(() => target.close());
      return target;
    }
    case 'direct':
      return undefined;
    default:
      return queue satisfies never;
  }
}
