import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Config } from './config.ts';
import { readDocument, type Entry, type FileReader } from './include.ts';
import { thisMachine } from './machine.ts';
import { configOf, type Surroundings } from './meaning.ts';
import { noticeText, type Notice } from './notice.ts';

/** All mistakes of a configuration, those of its included files too; its message has a line `file:line: message` for each. */
export class ConfigurationError extends Error {
  readonly mistakes: readonly Notice[];

  constructor(mistakes: readonly Notice[]) {
    super(mistakes.map(noticeText).join('\n'));
    this.name = 'ConfigurationError';
    this.mistakes = mistakes;
  }
}

export interface LoadedConfig {
  config: Config;
  warnings: Notice[];
}

/** Reads `realityserver.conf` and what it includes. Throws `ConfigurationError`, also for a file that cannot be read. */
export function loadConfig(path: string, env: NodeJS.ProcessEnv): LoadedConfig {
  return configFrom(path, readEntry, { env, machine: thisMachine(env) });
}

/** The same with files and machine passed in. */
export function configFrom(path: string, read: FileReader, surroundings: Surroundings): LoadedConfig {
  const result = configOf(readDocument(path, read), surroundings);
  if ('mistakes' in result) throw new ConfigurationError(result.mistakes);
  return result;
}

function readEntry(path: string): Entry {
  try {
    const status = statSync(path);
    if (status.isDirectory()) return { kind: 'folder', files: filesOf(path) };
    // A device may have no end.
    if (!status.isFile() && !status.isFIFO()) return { kind: 'unreadable', reason: 'is no file' };
    return { kind: 'file', text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
}

/** By code unit, so that the order is the same under every locale. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many links',
};

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
  return REASONS[code] ?? code;
}
