import type { Config } from '../lib/config/config.ts';
import { environment } from '../lib/config/environment.ts';
import { loadConfig } from '../lib/config/load.ts';
import { createLog, type Log } from '../lib/log.ts';

import { createOutput, type Output } from './output/output.ts';

/** Options that every command takes. */
export interface CommonOptions {
  config: string;
  json?: boolean;
}

/** What every command starts from. */
export interface Context {
  config: Config;
  env: NodeJS.ProcessEnv;
  log: Log;
  output: Output;
}

/** Reads the configuration, and says what it warns of once, at start. */
export function openContext({ config: file, json = false }: CommonOptions, log = createLog()): Context {
  const env = environment();
  const { config, warnings } = loadConfig(file, env);
  for (const { file: where, line, message } of warnings) log.warn(message, { at: `${where}:${line}` });
  return { config, env, log, output: createOutput({ json, env }) };
}

/** The command cannot be carried out as it was given: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
