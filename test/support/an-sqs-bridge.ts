import { randomUUID } from 'node:crypto';

import type { ReceiveMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from '@temporalio/client';

import { startSqsBridge } from '../../bridges/sqs/bridge.ts';
import type { SqsQueueConfig } from '../../lib/config/config.ts';
import type { Running } from '../../lib/run.ts';

import { anIntake, type IntakeParts } from './an-intake.ts';
import { anSqsClient } from './an-sqs-queue.ts';

const running: Running[] = [];
// After the file, all at once: each waits for its open poll.
afterAll(async () => {
  for (const bridge of running) bridge.stop();
  await Promise.allSettled(running.map(({ done }) => done));
});

export interface SqsBridgeChanges extends Partial<Omit<SqsQueueConfig, 'url'>> {
  /** In place of the emulator. */
  endpoint?: string;
  /** What stands between the bridge and its intake. */
  judge?: (judge: IntakeParts['intake']['judge']) => IntakeParts['intake']['judge'];
  drainTimeoutMs?: number;
  /** Of a long poll, which whoever gives a message back waits for; default: the program's own. */
  pollSeconds?: number;
}

export interface SqsBridge extends IntakeParts {
  name: string;
  bridge: Running;
}

/** A bridge of this queue, under a name of its own; stopped after the test file. */
export function anSqsBridge(
  client: Client,
  url: string,
  { endpoint, judge = (own) => own, drainTimeoutMs = 60_000, pollSeconds, ...changes }: SqsBridgeChanges = {},
): SqsBridge {
  const queue: SqsQueueConfig = {
    kind: 'sqs',
    name: `q-${randomUUID()}`,
    url,
    acknowledge: 'on_start',
    maxWaitingJobs: 'unlimited',
    ...changes,
  };
  const parts = anIntake(client, { queues: [queue] });
  const intake = { gate: parts.intake.gate, judge: judge(parts.intake.judge) };
  const sqs = anSqsClient(endpoint);
  if (pollSeconds !== undefined) shortenPolls(sqs, pollSeconds);
  const bridge = startSqsBridge({ ...parts.deps, intake, drainTimeoutMs, sqs, queue });
  running.push(bridge);
  bridge.done.catch(() => undefined);
  return { name: queue.name, bridge, ...parts };
}

function shortenPolls(sqs: SQSClient, WaitTimeSeconds: number): void {
  sqs.middlewareStack.add(
    (next, { commandName }) =>
      (call) => {
        if (commandName === 'ReceiveMessageCommand')
          (call.input as ReceiveMessageCommandInput).WaitTimeSeconds = WaitTimeSeconds;
        return next(call);
      },
    { step: 'initialize' },
  );
}
