import type { Command } from 'commander';

import type { CheckOptions } from '../check.ts';
import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';

export const checkCommand = (program: Command): Command =>
  command(program, 'check [files...]', 'tells what is wrong with the configuration, or with message files', [
    'dqm check',
    'dqm check job.json --queue renders',
    'dqm check --queue renders --limit 20',
    'dqm check --replay histories',
  ])
    .option('--queue <name>', 'judge the messages as this queue would')
    .option('--limit <number>', 'look at so many of the messages that wait in the queue, without taking them')
    .option('--force', 'look even where a look might send a message to the dead-letter queue')
    .option('--replay <folder>', 'whether the chains, as they are now, still fit the exported histories in it')
    .action(async (files: string[], options: CommonOptions & CheckOptions) =>
      (await import('../check.ts')).check(openContext(options), files, options),
    );
