import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import type { ResultOptions } from '../result.ts';

export const resultCommand = (program: Command): Command =>
  command(program, 'result <id>', 'writes the staged bytes of a job to a file, checked', [
    'dqm result chair-1',
    'dqm result chair-1 -o - > chair.png',
  ])
    .option('--step <n>', 'of a chain: the result of this command, from 0')
    .option('-o, --output <file>', 'where to; - for standard output. Default: named after the job')
    .action((id: string, options: CommonOptions & ResultOptions) =>
      askEngine(
        options,
        async (deps, { config }) => (await import('../result.ts')).result(id, options, deps, config),
        async ({ output }) => (await import('../result.ts')).checkResult(options, output),
      ),
    );
