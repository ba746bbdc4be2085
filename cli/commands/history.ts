import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';
import type { HistoryExportOptions } from '../history-export.ts';

export function historyCommand(program: Command): void {
  const history = program.command('history').description('what the engine knows of a job');
  command(history, 'export <id>', "writes a job's history as JSON, for dqm check --replay and Temporal's tools", [
    'dqm history export turntable-7 -o histories/turntable-7.json',
  ])
    .option('-o, --output <file>', 'where to; default: standard output')
    .action((id: string, options: CommonOptions & HistoryExportOptions) =>
      askEngine(options, async (deps) => (await import('../history-export.ts')).historyExport(id, options, deps)),
    );
}
