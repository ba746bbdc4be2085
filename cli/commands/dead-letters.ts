import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import type { DeadLettersOptions } from '../dead-letters.ts';
import { withJobFilter } from '../job-filter.ts';

export const deadLettersCommand = (program: Command): Command =>
  withJobFilter(
    command(
      program,
      'dead-letters',
      'lists the dead letters of a queue with their jobs, moves them back or deletes them',
      [
        'dqm dead-letters --queue renders',
        'dqm dead-letters --queue renders --drop-completed',
        'dqm dead-letters --queue renders --redrive --error TaskUnavailable',
      ],
    ),
  )
    .option('--redrive', 'moves them back to their queue')
    .option('--drop-completed', 'deletes those whose job has completed since')
    .option('--dry-run', 'only tells which')
    .option('--yes', 'does not ask')
    .action((options: CommonOptions & DeadLettersOptions) =>
      askEngine(
        options,
        async (deps, context) => (await import('../dead-letters.ts')).deadLetters(options, deps, context),
        async ({ config }) => (await import('../dead-letters.ts')).checkDeadLetters(options, config),
      ),
    );
