import type { Client } from '@temporalio/client';

import { startAmqpBridge } from '../../bridges/amqp/bridge.ts';
import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import type { Running } from '../../lib/run.ts';

import { anAmqpConfig } from './an-amqp-config.ts';
import { anIntake, type IntakeParts } from './an-intake.ts';

export interface AmqpBridgeChanges extends Partial<AmqpQueueConfig> {
  /** What stands between the bridge and its intake. */
  judge?: (judge: IntakeParts['intake']['judge']) => IntakeParts['intake']['judge'];
}

export interface AmqpBridge extends IntakeParts {
  name: string;
  config: AmqpQueueConfig;
  bridge: Running;
}

/** A bridge of this queue, under a name of its own; stopped after the test. */
export function anAmqpBridge(
  client: Client,
  queue: string,
  { judge = (own) => own, ...changes }: AmqpBridgeChanges = {},
): AmqpBridge {
  const config = anAmqpConfig(queue, changes);
  const parts = anIntake(client, { queues: [config] });
  const intake = { gate: parts.intake.gate, judge: judge(parts.intake.judge) };
  const bridge = startAmqpBridge({ ...parts.deps, intake, queue: config });
  running.push(bridge);
  bridge.done.catch(() => undefined);
  return { name: config.name, config, bridge, ...parts };
}

const running: Running[] = [];
afterEach(async () => {
  for (const bridge of running) bridge.stop();
  await Promise.allSettled(running.splice(0).map(({ done }) => done));
});
