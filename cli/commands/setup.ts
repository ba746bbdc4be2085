import type { Command } from 'commander';

import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';

export const setupCommand = (program: Command): Command =>
  command(program, 'setup', 'prepares the namespace and checks engine, brokers, buckets and result store', [
    'dqm setup',
  ]).action(async (options: CommonOptions) => (await import('../setup.ts')).setup(openContext(options)));
