import { sha256 } from '../../lib/contract/ids.ts';
import type { StagedResult } from '../../lib/contract/job-input.ts';
import { workflowPrefix } from '../../lib/results/key.ts';
import { putText } from '../../lib/results/put-text.ts';
import type { ResultStore } from '../../lib/results/store.ts';

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
  return {
    keep: async (queue, workflowId, body) => {
      const key = `${workflowPrefix(queue, workflowId)}/body-${sha256(body)}`;
      return putText({ store, folder }, key, body, AbortSignal.timeout(KEEP_LIMIT_MS));
    },
    probe: async () => {
      await store.find('probe/nothing', AbortSignal.timeout(PROBE_LIMIT_MS));
    },
  };
}
