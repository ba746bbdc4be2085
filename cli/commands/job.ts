import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import type { JobOptions } from '../job.ts';

export const jobCommand = (program: Command): Command =>
  command(program, 'job <id>', 'shows one job in full; ID is a workflow id, or its identity part', [
    'dqm job chair-1',
    'dqm job chair-1 --watch',
  ])
    .option('--watch', 'until it has ended; exit code 1 unless it completed')
    .action((id: string, options: CommonOptions & JobOptions) =>
      askEngine(options, async (deps) => (await import('../job.ts')).job(id, options, deps)),
    );
