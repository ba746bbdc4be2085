import { statfs } from 'node:fs/promises';

import { inFolder } from '../lib/files.ts';
import { StagingError } from '../lib/results/staging-error.ts';

const MEBIBYTE = 1024 * 1024;
/** Room for a usual result; a larger one that does not fit fails as a full disk when it comes. */
const NEEDED_BYTES = 256 * MEBIBYTE;

/** Fails as a fault of the host, with the folder and the figures, when a disk is full or nearly so. Makes the folder. */
export async function requireFreeSpace(folder: string, neededBytes = NEEDED_BYTES): Promise<void> {
  const { bavail, blocks, bsize } = await inFolder(folder, () => statfs(folder)).catch((error: Error) => {
    throw new StagingError(`staging folder ${folder}: ${error.message}`, { cause: error });
  });
  if (bavail * bsize >= neededBytes) return;
  const [free, all, needed] = [bavail * bsize, blocks * bsize, neededBytes].map(
    (bytes) => `${Math.floor(bytes / MEBIBYTE)} MiB`,
  );
  throw new StagingError(`staging folder ${folder}: ${free} free of ${all}, a command needs ${needed}`);
}
