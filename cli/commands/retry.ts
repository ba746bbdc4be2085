import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import { withJobFilter } from '../job-filter.ts';
import type { RetryOptions } from '../retry.ts';

export const retryCommand = (program: Command): Command =>
  withJobFilter(
    command(
      program,
      'retry [ids...]',
      'goes on with failed jobs, a failed delivery without a GPU; sends rejected messages through intake again',
      [
        'dqm retry chair-1',
        'dqm retry --error TaskUnavailable --since 12h --dry-run',
        'dqm retry chair-1 --body corrected.json',
      ],
    ),
  )
    .option('--body <file>', 'this message instead of the one that was wrong; - for standard input')
    .option('--render', 'all commands anew, of a completed job too')
    .option('--dry-run', 'only tells which')
    .option('--yes', 'does not ask')
    .action((ids: string[], options: CommonOptions & RetryOptions) =>
      askEngine(
        options,
        async (deps, context) => (await import('../retry.ts')).retry(ids, options, deps, context),
        async () => (await import('../retry.ts')).checkRetry(ids, options),
      ),
    );
