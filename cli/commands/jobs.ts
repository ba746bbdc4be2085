import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import { withJobFilter } from '../job-filter.ts';
import type { JobsOptions } from '../jobs.ts';

export const jobsCommand = (program: Command): Command =>
  withJobFilter(
    command(program, 'jobs', 'lists jobs, the newest first', ['dqm jobs', 'dqm jobs --state failed --since 12h']),
  )
    .option('--limit <number>', 'at most so many', '50')
    .action((options: CommonOptions & JobsOptions) =>
      askEngine(
        options,
        async (deps) => (await import('../jobs.ts')).jobs(options, deps),
        async () => (await import('../jobs.ts')).limitOf(options.limit),
      ),
    );
