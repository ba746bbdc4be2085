import type { Config, QueueConfig } from '../lib/config/config.ts';

import { UsageError } from './context.ts';

/** The configured queue of that name. */
export function queueNamed({ queues, file }: Config, name: string): QueueConfig {
  const queue = queues.get(name);
  if (!queue)
    throw new UsageError(`${file}: there is no queue ${name}, known are ${[...queues.keys()].join(', ') || 'none'}`);
  return queue;
}
