import type { Command } from 'commander';

import type { BridgeOptions } from '../bridge.ts';
import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';
import { keepHeapSmall } from '../small-heap.ts';

export const bridgeCommand = (program: Command): Command =>
  command(program, 'bridge', 'turns messages of the listen queue into workflows', [
    'dqm bridge',
    'dqm bridge --queue renders --queue nightly',
    'dqm bridge --all',
    'dqm bridge --dry-run --queue renders-copy',
  ])
    .option('--queue <name...>', 'these queues instead of listen_queue')
    .option('--all', 'every queue of the configuration that has a broker')
    .option('--dry-run', 'tell what the messages of a copy queue would become; start nothing')
    .action(async (options: CommonOptions & BridgeOptions) => {
      if (options.dryRun) return (await import('../dry-run.ts')).dryRun(openContext(options), options.queue ?? []);
      // Before all that a bridge needs is loaded.
      keepHeapSmall();
      return (await import('../bridge.ts')).bridge(openContext(options), options);
    });
