import { mkdirSync } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';

/** What a call gives that reads a file or asks after one, or undefined when there is none. */
export async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Deletes a file unless it is gone already. `rm` asks twice what kind of thing it is before, each time in another thread. */
export async function removeFile(path: string): Promise<void> {
  await ifPresent(unlink(path));
}

/** Does what needs a folder, and makes that only where it is missing: a command on the GPU waits for such work. */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    return work();
  }
}

/** The same in this thread, for work of microseconds: where a GPU waits, the way to another thread and back takes longer. */
export function inFolderAtOnce<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(folder, { recursive: true });
    return work();
  }
}
