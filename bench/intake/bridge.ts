import { createAllowance } from '../../bridges/allowance/allowance.ts';
import { startAmqpBridge } from '../../bridges/amqp/bridge.ts';
import type { BridgeDeps } from '../../bridges/bridge.ts';
import { createFarm } from '../../bridges/allowance/farm.ts';
import { createWatchEndings } from '../../bridges/endings.ts';
import { startSqsBridge } from '../../bridges/sqs/bridge.ts';
import { intakeOf, type IntakeParts } from '../../cli/parts/intake.ts';
import { systemClock } from '../../lib/clock.ts';
import type { QueueConfig } from '../../lib/config/config.ts';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** Runs a bridge of this queue until it has settled so many. Gives seconds from received to acknowledged of each. */
export async function bridgeUntil(
  queue: QueueConfig & { kind: 'sqs' | 'amqp' },
  messages: number,
  parts: IntakeParts & { sqs: SQSClient },
): Promise<number[]> {
  const { client, log, sqs } = parts;
  const seconds: number[] = [];
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const farm = createFarm(client, queue.name);
  const deps: BridgeDeps = {
    intake: intakeOf(parts).intake,
    allowance: createAllowance({ queue: queue.name, maxWaitingJobs: 'unlimited', farm, clock: systemClock, log }),
    holdRejected: () => Promise.reject(new Error('every message of the bench is good')),
    watchEndings: createWatchEndings({ client, log }),
    metrics: {
      received: () => undefined,
      settled: () => undefined,
      intake: (_queue, took) => {
        seconds.push(took);
        if (seconds.length === messages) finish();
      },
    },
    log,
    drainTimeoutMs: 10_000,
    onReady: () => undefined,
  };
  const bridge = queue.kind === 'sqs' ? startSqsBridge({ ...deps, sqs, queue }) : startAmqpBridge({ ...deps, queue });
  await Promise.race([finished, bridge.done]);
  // What follows is its last long poll.
  bridge.stop();
  void bridge.done.catch(() => undefined);
  return seconds;
}
