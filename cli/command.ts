import type { Command } from 'commander';

import { openContext, type CommonOptions, type Context } from './context.ts';
import type { ClientDeps } from './with-client.ts';

const DEFAULT_CONFIG = './realityserver.conf';

/** Adds a command with the options that all take, and examples below its help. */
export function command(parent: Command, nameAndArguments: string, description: string, examples: string[]): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--json', 'JSON lines on standard output, and nothing else there')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

/** The action of a command that asks the engine; `check` finds what is wrong with its options, engine or no engine. */
export async function askEngine(
  options: CommonOptions,
  run: (deps: ClientDeps, context: Context) => Promise<void>,
  check: (context: Context) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const context = openContext(options);
  await check(context);
  const { withClient } = await import('./with-client.ts');
  await withClient(context, (deps) => run(deps, context));
}
