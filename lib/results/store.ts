import type { Readable } from 'node:stream';

import type { StagedResult } from '../contract/job-input.ts';

/** Complete bytes of a result on this host, not yet in the store. */
export interface StagedFile {
  path: string;
  /** Hex, of the bytes in `path`. */
  sha256: string;
  /** Bytes. */
  size: number;
  mimeType: string;
}

/**
 * Holds results from command to last task. The first `put` of a key wins: a later one gives the first's reference.
 * No reader sees half. Every failure of the store itself, not of one key, is a `StoreUnavailable`.
 */
export interface ResultStore {
  /** The published result of a key; `undefined` when there is none, or when its bytes are gone or have another size. */
  find(key: string, signal: AbortSignal): Promise<StagedResult | undefined>;
  /** Publishes a file's bytes under a key. Leaves the file: who made it removes it. */
  put(key: string, file: StagedFile, signal: AbortSignal): Promise<StagedResult>;
  /**
   * The bytes, checked against size and sha256 while they flow. `NoSuchResult` when they are gone, at once or as the
   * stream's error: the last bytes are held back until all are checked, so nobody takes damaged ones for whole.
   */
  open(result: StagedResult, signal: AbortSignal): Promise<Readable>;
  /** The key a reference was published under; throws `NoSuchResult` for a reference that lies outside this store. */
  keyOf(result: StagedResult): string;
  /** What a RealityServer can open a result by: a path on this host, or an address that is good for `forMs`, a secret. */
  addressOf(result: StagedResult, forMs: number): Promise<string>;
  /** Where it is, when it is S3: for server-side copies, and so that no task writes into it. */
  readonly location: { kind: 'file'; root: string } | { kind: 's3'; bucket: string; prefix: string };
}

/** The store could not be asked: retried, never "there is no such result". */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** What a reference names is gone, damaged, or not of this store: trying again cannot help. */
export class NoSuchResult extends Error {
  override readonly name = 'NoSuchResult';
}
