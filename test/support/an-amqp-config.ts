import { randomUUID } from 'node:crypto';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';

import { servers } from './servers.ts';

/** A queue of the broker as a configuration has it, under a name of its own. */
export const anAmqpConfig = (queue: string, changes: Partial<AmqpQueueConfig> = {}): AmqpQueueConfig => ({
  kind: 'amqp',
  name: `q-${randomUUID()}`,
  urls: [servers().amqpUrl ?? ''],
  tls: {},
  queue,
  prefetch: 100,
  declare: false,
  maxWaitingJobs: 'unlimited',
  ...changes,
});

/** The broker's address with this in place of its own parts. */
export const brokerAddress = (changes: Partial<Pick<URL, 'host' | 'password' | 'pathname'>>): string =>
  Object.assign(new URL(servers().amqpUrl ?? ''), changes).href;
