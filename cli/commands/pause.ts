import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import type { PauseOptions } from '../pause.ts';

export const pauseCommand = (program: Command): Command =>
  command(program, 'pause', 'takes no more messages and gives out no more commands; what runs ends', [
    'dqm pause --queue renders',
    'dqm pause --host gpu-07',
  ])
    .option('--queue <name>', 'the named queue')
    .option('--host <name>', 'a render host, as dqm hosts shows it')
    .action((options: CommonOptions & PauseOptions) =>
      askEngine(
        options,
        async (deps, context) => (await import('../pause.ts')).pause(options, deps, context),
        async ({ config }) => (await import('../pause.ts')).pausable(options, config),
      ),
    );
