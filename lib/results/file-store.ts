import { join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

import type { StagedResult } from '../contract/job-input.ts';
import { removeFile } from '../files.ts';

import { openBytes, publish, readBytes, readPublished } from './file-publication.ts';
import { checkedKey, keyUnder, type Reference } from './reference.ts';
import { StagingError } from './staging-error.ts';
import { NoSuchResult, StoreUnavailable, type ResultStore, type StagedFile } from './store.ts';
import { verified, verifiedBytes } from './verified.ts';

/** Most results: read at once, which spares what a stream costs. */
const WHOLE_BYTES = 1024 ** 2;

/**
 * Results in a folder, which several hosts may share: `<root>/<key>/<sha256>` holds the bytes, and `reference.json`
 * beside it publishes them. Needs a file system with hard links.
 */
export function createFileStore({ root }: { root: string }): ResultStore {
  const base = pathToFileURL(root).href.replace(/\/$/, '');
  const folderOf = (key: string): string => join(root, ...checkedKey(key).split('/'));
  const keyOf = (result: StagedResult): string => keyUnder(base, result);

  const referenceTo = (key: string, { sha256, size, mimeType }: Reference): StagedResult => ({
    uri: `${base}/${key}/${sha256}`,
    sha256,
    size,
    mimeType,
  });

  async function find(key: string, signal: AbortSignal): Promise<StagedResult | undefined> {
    const folder = folderOf(key);
    const reference = await asking(root, signal, () => readPublished(folder));
    return reference && referenceTo(key, reference);
  }

  async function put(key: string, file: StagedFile, signal: AbortSignal): Promise<StagedResult> {
    const folder = folderOf(key);
    if (await asking(root, signal, () => publish(folder, file, signal))) return referenceTo(key, file);
    const published = await find(key, signal);
    if (!published) throw new StoreUnavailable(`result store ${root}: cannot read what was published as ${key}`);
    // Another attempt, with other content, was first.
    if (published.sha256 !== file.sha256) await removeFile(join(folder, file.sha256));
    return published;
  }

  async function open(result: StagedResult, signal: AbortSignal) {
    const folder = folderOf(keyOf(result));
    if (result.size <= WHOLE_BYTES) {
      const bytes = await asking(root, signal, () => readBytes(root, folder, result));
      return addAbortSignal(signal, Readable.from(verifiedBytes(bytes, result), { objectMode: false }));
    }
    const source = await asking(root, signal, () => openBytes(root, folder, result));
    return verified(source, result, (error) => unavailable(root, error), signal);
  }

  const addressOf = async (result: StagedResult): Promise<string> => join(folderOf(keyOf(result)), result.sha256);

  return { find, put, open, keyOf, addressOf, location: { kind: 'file', root } };
}

const unavailable = (root: string, error: Error): StoreUnavailable =>
  new StoreUnavailable(`result store ${root}: ${error.message}`, { cause: error });

/** What a file system answers (ENOSPC, EACCES, EIO, ESTALE …) concerns the store, not one key. */
async function asking<T>(root: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NoSuchResult || error instanceof StagingError) throw error;
    throw unavailable(root, error as Error);
  }
}
