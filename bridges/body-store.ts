import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sha256 } from '../lib/contract/ids.ts';
import type { StagedResult } from '../lib/contract/job-input.ts';
import { workflowPrefix } from '../lib/results/key.ts';
import type { ResultStore } from '../lib/results/store.ts';

/** Larger ones would make every history heavy: an engine takes 2 MB as one payload. */
const MAX_INLINE_BYTES = 128 * 1024;

export const isLarge = (body: Uint8Array): boolean => body.length > MAX_INLINE_BYTES;

/** Where bodies go that are too large for a history. Rejects when the store or this host's disk cannot take one. */
export interface BodyStore {
  /** Among what the workflow's job stores, so both go together. */
  keep(queue: string, workflowId: string, body: Uint8Array): Promise<StagedResult>;
  /** Rejects while the store cannot be asked. */
  probe(): Promise<void>;
}

/** A mebibyte over a slow line; a store that takes longer is as good as away. */
const KEEP_LIMIT_MS = 30_000;
const PROBE_LIMIT_MS = 5_000;

/** In the result store, under a hash of the body: the same message again finds what is there. `folder` is for a moment. */
export function createBodyStore({ store, folder }: { store: ResultStore; folder: string }): BodyStore {
  async function put(key: string, hash: string, body: Uint8Array, signal: AbortSignal): Promise<StagedResult> {
    const path = join(folder, `body-${randomUUID()}`);
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(path, body);
      return await store.put(key, { path, sha256: hash, size: body.length, mimeType: 'application/json' }, signal);
    } finally {
      await rm(path, { force: true });
    }
  }

  return {
    keep: async (queue, workflowId, body) => {
      const signal = AbortSignal.timeout(KEEP_LIMIT_MS);
      const hash = sha256(body);
      const key = `${workflowPrefix(queue, workflowId)}/body-${hash}`;
      return (await store.find(key, signal)) ?? (await put(key, hash, body, signal));
    },
    probe: async () => {
      await store.find('probe/nothing', AbortSignal.timeout(PROBE_LIMIT_MS));
    },
  };
}
