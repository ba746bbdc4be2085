import { UsageError, type Context } from './context.ts';
import { openBridges } from './parts/bridges.ts';
import { openShared } from './parts/shared.ts';
import { runProcess } from './process.ts';
import { queueNamed } from './queue-named.ts';

export interface BridgeOptions {
  queue?: string[];
  all?: boolean;
  dryRun?: boolean;
}

/** `dqm bridge`: messages become workflows, until it is told to stop. */
export function bridge(context: Context, options: BridgeOptions): Promise<void> {
  const names = queuesOf(context, options);
  return runProcess(context.log, async (opened) => openBridges(await openShared(context, opened), names));
}

/** Those asked for, else `listen_queue`. */
function queuesOf({ config }: Context, { queue, all = false }: BridgeOptions): string[] {
  if (all) return [...config.queues.values()].filter(({ kind }) => kind !== 'direct').map(({ name }) => name);
  const names = queue ?? (config.listenQueue === undefined ? [] : [config.listenQueue]);
  if (names.length === 0) throw new UsageError(`${config.file}: no listen_queue; name a queue with --queue, or --all`);
  for (const name of names) {
    if (queueNamed(config, name).kind === 'direct')
      throw new UsageError(`queue ${name} has no broker: there is nothing to bridge`);
  }
  return names;
}
