import type { Command } from 'commander';

import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';
import type { SubmitOptions } from '../submit.ts';

export const submitCommand = (program: Command): Command =>
  command(program, 'submit [file]', 'puts jobs into a queue as a producer would; FILE or - holds one, or JSON lines', [
    'dqm submit --queue renders job.json --wait',
    'dqm submit --queue renders job.json --param width=1920 --param scene=chair.mi',
    'cat jobs.jsonl | dqm submit --queue renders -',
  ])
    .requiredOption('--queue <name>', 'the named queue')
    .option('--param <name=value>', 'sets one of the parameters, repeatable; VALUE is JSON, or else a text', repeated)
    .option('--job-id <id>', 'identity of the job; a second one of this id is a duplicate')
    .option('--priority <priority>', 'highest, high, normal, low, lowest, or 1 to 5')
    .option('--tenant <name>', 'whose job it is')
    .option('--wait', 'wait until all have ended; exit code 1 when one did not complete')
    .action(async (file: string | undefined, options: CommonOptions & SubmitOptions) =>
      (await import('../submit.ts')).submit(openContext(options), file ?? '-', options),
    );

const repeated = (value: string, before: string[] = []): string[] => [...before, value];
