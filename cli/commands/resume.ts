import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import type { PauseOptions } from '../pause.ts';

export const resumeCommand = (program: Command): Command =>
  command(program, 'resume', 'lets a paused queue or render host go on', ['dqm resume --queue renders'])
    .option('--queue <name>', 'the named queue')
    .option('--host <name>', 'a render host')
    .action((options: CommonOptions & PauseOptions) =>
      askEngine(
        options,
        async (deps, context) => (await import('../pause.ts')).resume(options, deps, context),
        async ({ config }) => (await import('../pause.ts')).pausable(options, config),
      ),
    );
