import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import { withJobFilter } from '../job-filter.ts';
import type { PickOptions } from '../pick-jobs.ts';

export const cancelCommand = (program: Command): Command =>
  withJobFilter(
    command(program, 'cancel [ids...]', 'cancels these jobs, or all that match, and says what each was doing', [
      'dqm cancel chair-1',
      'dqm cancel --queue renders --state waiting --dry-run',
    ]),
  )
    .option('--dry-run', 'only tells which')
    .option('--yes', 'does not ask')
    .action((ids: string[], options: CommonOptions & PickOptions) =>
      askEngine(
        options,
        async (deps) => (await import('../cancel.ts')).cancel(ids, options, deps),
        async () => (await import('../pick-jobs.ts')).checkPick(ids, options),
      ),
    );
