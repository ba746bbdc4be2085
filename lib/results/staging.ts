import { renameSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';

import { sha256 } from '../contract/ids.ts';
import { removeFile } from '../files.ts';

import { writeArriving, type ArrivedResult } from './arrival.ts';
import { readSidecar, sidecarText, type StagedFileOf, type StagingMeta } from './sidecar.ts';
import { onDisk, onDiskAtOnce } from './staging-error.ts';
import type { StagedFile } from './store.ts';

export interface ArrivingResult {
  mimeType: string;
  bytes: Readable;
  /** Looks at it when all of it is here, and may be before the disk has it; what it throws refuses the result. */
  check?(arrived: ArrivedResult): Promise<void>;
}

/** Where a render host keeps results until they are in the store. Failures of its disk are `StagingError`s. */
export interface Staging {
  /** Takes all bytes of a result; a later one of the same key replaces it. What failed or was aborted leaves nothing. */
  receive(key: string, result: ArrivingResult, meta: StagingMeta, signal: AbortSignal): Promise<StagedFile>;
  /** A complete result, left by this process or an earlier one. Reads all of it: nothing was forced to the disk. */
  find(key: string): Promise<StagedFile | undefined>;
  /** All complete results. */
  complete(): Promise<StagedFileOf[]>;
  remove(file: StagedFile): Promise<void>;
  /** Deletes what an earlier process left incomplete. Only while nothing is received. */
  sweep(): Promise<void>;
}

/** A folder of its own for each worker identity. A result is complete once its sidecar stands beside its bytes. */
export function createStaging({ folder, identity }: { folder: string; identity: string }): Staging {
  const own = join(folder, encodeURIComponent(identity));
  const sidecarOf = (key: string): string => join(own, `${sha256(key)}.json`);
  let received = 0;

  async function receive(
    key: string,
    { mimeType, bytes, check }: ArrivingResult,
    meta: StagingMeta,
    signal: AbortSignal,
  ): Promise<StagedFile> {
    const partial = join(own, `${sha256(key)}.${(received += 1)}.part`);
    try {
      const arriving = { mimeType, bytes: addAbortSignal(signal, bytes) };
      const written = await writeArriving(partial, arriving, (arrived) => check?.(arrived));
      const file = { path: join(own, `${sha256(key)}-${written.sha256}`), mimeType, ...written };
      // In this thread: microseconds on the host's own disk, where the way to another one and back costs more.
      onDiskAtOnce(() => {
        renameSync(partial, file.path);
        writeFileSync(partial, sidecarText({ key, file, meta }));
        renameSync(partial, sidecarOf(key));
      });
      return file;
    } catch (error) {
      bytes.destroy();
      // Fails where the disk does, and that is said already.
      await removeFile(partial).catch(() => undefined);
      signal.throwIfAborted();
      throw error;
    }
  }

  async function names(): Promise<string[]> {
    await onDisk(mkdir(own, { recursive: true }));
    return onDisk(readdir(own));
  }

  async function complete(): Promise<StagedFileOf[]> {
    const sidecars = (await names()).filter((name) => name.endsWith('.json'));
    const found: StagedFileOf[] = [];
    for (const name of sidecars) {
      const staged = await onDisk(readSidecar(join(own, name)));
      if (staged) found.push(staged);
    }
    return found;
  }

  async function sweep(): Promise<void> {
    const kept = (await complete()).flatMap(({ key, file }) => [basename(sidecarOf(key)), basename(file.path)]);
    for (const name of await names()) if (!kept.includes(name)) await onDisk(removeFile(join(own, name)));
  }

  return {
    receive,
    find: async (key) => {
      const sidecar = sidecarOf(key);
      // Nearly always there is none, and the GPU waits for the answer.
      if (onDiskAtOnce(() => statSync(sidecar, { throwIfNoEntry: false })) === undefined) return undefined;
      return (await onDisk(readSidecar(sidecar)))?.file;
    },
    complete,
    remove: async ({ path }) => {
      // The sidecar first: bytes without one are incomplete, one without bytes would be too, but reads as a fault.
      await onDisk(removeFile(join(dirname(path), `${basename(path).slice(0, SHA256_DIGITS)}.json`)));
      await onDisk(removeFile(path));
    },
    sweep,
  };
}

const SHA256_DIGITS = 64;
