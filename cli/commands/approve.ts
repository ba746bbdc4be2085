import type { Command } from 'commander';

import type { ApproveOptions } from '../approve.ts';
import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';

export const approveCommand = (program: Command): Command =>
  command(program, 'approve <id>', 'approves what a chain waits for, or declines it', [
    'dqm approve turntable-7 --note "lighter, please, next time"',
    'dqm approve turntable-7 --decline',
  ])
    .option('--decline', 'instead of approving: the chain fails')
    .option('--note <text>', 'for whoever reads it')
    .option('--approval <name>', 'which one, where the chain waits for several')
    .action((id: string, options: CommonOptions & ApproveOptions) =>
      askEngine(options, async (deps) => (await import('../approve.ts')).approve(id, options, deps)),
    );
