import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MOST = 500;

const fileIn = (dataFolder: string): string => join(dataFolder, 'recent-ids');

/**
 * Ids that commands have shown on this machine, the latest first: what a shell completes. Asking the engine would take
 * longer than a person waits for a key, and these are the ones just read.
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
