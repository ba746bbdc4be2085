import type { Command } from 'commander';

import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';

export const upCommand = (program: Command): Command =>
  command(program, 'up', 'bridge, gateway, job worker, GPU worker and an embedded engine in one process', [
    'dqm up',
    'dqm up --config /etc/realityserver/realityserver.conf',
  ]).action(async (options: CommonOptions) => (await import('../up.ts')).up(openContext(options)));
