import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

import { startAmqpBridge } from '../../bridges/amqp/bridge.ts';
import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import type { Running } from '../../lib/run.ts';

import { anIntake, type IntakeParts } from './an-intake.ts';

export interface AmqpBridge extends IntakeParts {
  name: string;
  config: AmqpQueueConfig;
  bridge: Running;
}

/** A bridge of this queue at this address, under a name of its own; stopped after the test. */
export function anAmqpBridge(
  client: Client,
  url: string,
  queue: string,
  changes: Partial<AmqpQueueConfig> = {},
): AmqpBridge {
  const config: AmqpQueueConfig = {
    kind: 'amqp',
    name: `q-${randomUUID()}`,
    urls: [url],
    tls: {},
    queue,
    prefetch: 100,
    declare: false,
    maxWaitingJobs: 'unlimited',
    ...changes,
  };
  const parts = anIntake(client, { queues: [config] });
  const bridge = startAmqpBridge({ ...parts.deps, queue: config });
  running.push(bridge);
  bridge.done.catch(() => undefined);
  return { name: config.name, config, bridge, ...parts };
}

const running: Running[] = [];
afterEach(async () => {
  for (const bridge of running) bridge.stop();
  await Promise.allSettled(running.splice(0).map(({ done }) => done));
});
