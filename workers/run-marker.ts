import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import type { RunMark } from '../activities/render.ts';
import { inFolderAtOnce } from '../lib/files.ts';
import { readJsonFile } from '../lib/json-file.ts';
import { StagingError } from '../lib/results/staging-error.ts';

/** A file that stands on this host's disk while a command may be on its GPU: it outlives the worker. Written in this thread. */
export interface RunMarker {
  /** What an earlier process left, before the first `set`. Unreadable ones count: something ran. */
  left(): Promise<RunMark | undefined>;
  /** Fails as a `StagingError`: a disk that cannot take this one cannot take a result either. */
  set(mark: RunMark): void;
  /** Never fails: a mark that stays only makes the next process careful. */
  clear(): void;
}

const Mark = z.object({ workflowId: z.string(), runId: z.string(), command: z.string() });
const UNREADABLE: RunMark = { workflowId: '', runId: '', command: '' };

/** One file for each worker identity, `<folder>/<identity>.json`. */
export function createRunMarker({ folder, identity }: { folder: string; identity: string }): RunMarker {
  const path = join(folder, `${encodeURIComponent(identity)}.json`);
  return {
    left: async () => {
      const file = await readJsonFile(path);
      return file && (Mark.safeParse(file.value).data ?? UNREADABLE);
    },
    set: (mark) => {
      try {
        inFolderAtOnce(folder, () => writeFileSync(path, JSON.stringify(mark)));
      } catch (error) {
        throw new StagingError(`data folder: ${(error as Error).message}`, { cause: error });
      }
    },
    clear: () => {
      try {
        unlinkSync(path);
      } catch {
        // It stays.
      }
    },
  };
}
