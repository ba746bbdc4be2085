import { statfsSync } from 'node:fs';

import { inFolderAtOnce } from '../lib/files.ts';
import { StagingError } from '../lib/results/staging-error.ts';

const MEBIBYTE = 1024 * 1024;
/** Room for a usual result; a larger one that does not fit fails as a full disk when it comes. */
const NEEDED_BYTES = 256 * MEBIBYTE;

/** Fails as a fault of the host, with the folder and the figures, when a disk is full or nearly so. Makes the folder. */
export function requireFreeSpace(folder: string, neededBytes = NEEDED_BYTES): void {
  const { bavail, blocks, bsize } = spaceAt(folder);
  if (bavail * bsize >= neededBytes) return;
  const [free, all, needed] = [bavail * bsize, blocks * bsize, neededBytes].map(
    (bytes) => `${Math.floor(bytes / MEBIBYTE)} MiB`,
  );
  throw new StagingError(`staging folder ${folder}: ${free} free of ${all}, a command needs ${needed}`);
}

function spaceAt(folder: string) {
  try {
    return inFolderAtOnce(folder, () => statfsSync(folder));
  } catch (error) {
    throw new StagingError(`staging folder ${folder}: ${(error as Error).message}`, { cause: error });
  }
}
