import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Survives a power loss once this returns. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The entries of a folder, too; file systems without such a call (some network ones) write them on their own. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await syncFile(path);
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** `folder` and, when `created` is the topmost one that was made for it, all up to that one's parent. */
export function foldersToSync(folder: string, created: string | undefined): string[] {
  const folders = [folder];
  if (created === undefined) return folders;
  const last = dirname(created);
  for (let parent = folder; parent !== last && parent !== dirname(parent);) {
    parent = dirname(parent);
    folders.push(parent);
  }
  return folders;
}
