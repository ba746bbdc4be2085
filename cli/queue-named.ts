import type { Config, QueueConfig } from '../lib/config/config.ts';
import { didYouMean, nearest } from '../lib/config/nearest.ts';

import { UsageError } from './context.ts';

/** The configured queue of that name. */
export function queueNamed({ queues, file }: Config, name: string): QueueConfig {
  const queue = queues.get(name);
  if (queue) return queue;
  const known = [...queues.keys()];
  const meant = didYouMean(nearest(name, known));
  throw new UsageError(`${file}: there is no queue ${name}, known are ${known.join(', ') || 'none'}${meant}`);
}
