import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { REFRESH } from './shell-scripts.ts';

const MOST = 500;
/** While somebody types, the engine is asked once. */
const FRESH_MS = 5_000;

const fileIn = (dataFolder: string): string => join(dataFolder, 'recent-ids');

/**
 * Ids that commands have shown on this machine, and those of the newest jobs as of the Tab before, the latest first. Asking
 * the engine first would take longer than a person waits for a key.
 */
export function recentIds(dataFolder: string): string[] {
  try {
    return readFileSync(fileIn(dataFolder), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** A folder that cannot be written costs the completion of ids, and nothing else. */
export function rememberIds(dataFolder: string, ids: readonly string[]): void {
  const all = [...new Set([...ids, ...recentIds(dataFolder)])].slice(0, MOST);
  const file = fileIn(dataFolder);
  const partial = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(partial, all.join('\n'));
    renameSync(partial, file);
  } catch {
    // As said.
  }
}

/** Asks for the ids that the next Tab completes. */
export type Refresh = (dataFolder: string, config: string) => void;

/** Has a process of its own ask the engine: nobody waits for it, and one that is away is asked as rarely. */
export const refreshForNextTab: Refresh = (dataFolder, config) => {
  if (isFresh(dataFolder)) return;
  rememberIds(dataFolder, []);
  // A folder that cannot be written would have every Tab ask.
  if (!isFresh(dataFolder)) return;
  const asking = spawn(process.execPath, [process.argv[1] ?? '', REFRESH, config], { detached: true, stdio: 'ignore' });
  asking.on('error', () => undefined);
  asking.unref();
};

function isFresh(dataFolder: string): boolean {
  const remembered = statSync(fileIn(dataFolder), { throwIfNoEntry: false });
  return remembered !== undefined && Date.now() - remembered.mtimeMs < FRESH_MS;
}
