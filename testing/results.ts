import { createHash } from 'node:crypto';

import type { Result } from '../workflows/chains/types.ts';

/** Results of one run, in memory. */
export interface Results {
  put(name: string, bytes: Uint8Array, mimeType: string): Result;
  /** Throws for a result of another run. */
  bytesOf(result: Result): Uint8Array;
}

export function createResults(): Results {
  const held = new Map<string, Uint8Array>();
  return {
    put: (name, bytes, mimeType) => {
      const uri = `memory:/${name}/${held.size + 1}`;
      held.set(uri, bytes);
      return { uri, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.byteLength, mimeType };
    },
    bytesOf: ({ uri }) => {
      const bytes = held.get(uri);
      if (!bytes) throw new Error(`${uri} is no result of this run`);
      return bytes;
    },
  };
}
