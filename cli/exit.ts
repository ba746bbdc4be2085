import { ConfigurationError } from '../lib/config/load.ts';
import { errorText } from '../lib/log.ts';
import { UserModuleError } from '../lib/user-module.ts';

import { UsageError } from './context.ts';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** What a command's error means for the shell, and what a person reads: mistakes as they are, the rest after `dqm:`. */
export function failed(error: unknown): { exitCode: number; text: string } {
  if (error instanceof ConfigurationError) return { exitCode: EXIT_USAGE, text: error.message };
  const isTheirs = error instanceof UsageError || error instanceof UserModuleError;
  const exitCode = isTheirs ? EXIT_USAGE : EXIT_FAILED;
  return { exitCode, text: `dqm: ${errorText(error)}` };
}
