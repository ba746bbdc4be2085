import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { access, link, mkdir, open, readFile, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { StagedResult } from '../contract/job-input.ts';
import { ifPresent, removeFile } from '../files.ts';

import { foldersToSync, syncFile, syncFolder } from './durable.ts';
import { parseReference, REFERENCE_NAME, referenceText, type Reference } from './reference.ts';
import { StagingError } from './staging-error.ts';
import { NoSuchResult, type StagedFile } from './store.ts';

/** The reference that stands in a key's folder, when its bytes are there and whole. */
export async function readPublished(folder: string): Promise<Reference | undefined> {
  const text = await ifPresent(readFile(join(folder, REFERENCE_NAME), 'utf8'));
  const reference = text === undefined ? undefined : parseReference(text);
  if (!reference) return undefined;
  const bytes = await ifPresent(stat(join(folder, reference.sha256)));
  return bytes?.size === reference.size ? reference : undefined;
}

/** Publishes unless another reference with whole bytes stands there. Gives whether this one does now. */
export async function publish(folder: string, file: StagedFile, signal: AbortSignal): Promise<boolean> {
  const created = await mkdir(folder, { recursive: true });
  const draft = join(folder, temporaryName());
  try {
    // Both reach the disk together, and before the link: a reference must never name what a power loss could take.
    await allOf([placeBytes(folder, file, signal), writeFile(draft, referenceText(file), { flush: true })]);
    const isOurs = await placeReference(folder, draft);
    await Promise.all([...foldersToSync(folder, created).map(syncFolder), discard(draft)]);
    return isOurs;
  } catch (error) {
    await discard(draft);
    throw error;
  }
}

async function placeBytes(folder: string, file: StagedFile, signal: AbortSignal): Promise<void> {
  const target = join(folder, file.sha256);
  // On one file system this is all. What bears the name already may be torn by a power loss: it is replaced below.
  if (await linkNew(file.path, target).catch(() => false)) return syncFile(target);
  const temporary = join(folder, temporaryName());
  try {
    await linkOrCopy(file, temporary, signal);
    await syncFile(temporary);
    await rename(temporary, target);
  } finally {
    // Also after the rename: between two links of one file it does nothing.
    await discard(temporary);
  }
}

/** By `link`, since `rename` would replace the first one. */
async function placeReference(folder: string, draft: string): Promise<boolean> {
  const reference = join(folder, REFERENCE_NAME);
  if (await linkNew(draft, reference)) return true;
  if (await readPublished(folder)) return false;
  // Its bytes are gone, or a power loss left it empty: nobody can have read it as a result.
  await rename(draft, reference);
  return true;
}

/** Ends when all have ended, then fails with the first failure: nothing writes into a folder that is being cleared. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

/** The bytes of a result, in order. */
export async function openBytes(root: string, folder: string, result: StagedResult): Promise<ReadStream> {
  const file = await openFile(root, folder, result);
  return file.createReadStream({ highWaterMark: READ_AHEAD_BYTES });
}

/** All bytes of a small result, or fewer when the file is shorter. */
export async function readBytes(root: string, folder: string, result: StagedResult): Promise<Buffer> {
  const file = await openFile(root, folder, result);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(result.size), 0, result.size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function openFile(root: string, folder: string, result: StagedResult): Promise<FileHandle> {
  const file = await ifPresent(open(join(folder, result.sha256), 'r'));
  if (file) return file;
  const [queue = ''] = relative(root, folder).split(sep);
  // Without the queue's folder the whole store is elsewhere: a mount that is not there yet.
  if (!(await ifPresent(stat(join(root, queue))))) throw new Error(`there is no ${queue} in it`);
  throw new NoSuchResult(`${result.uri} is gone from the result store`);
}

const READ_AHEAD_BYTES = 256 * 1024;

/** Several hosts may publish one key at once. */
const temporaryName = (): string => `.${randomUUID()}.part`;

/** A link costs nothing, whatever the size; to another file system the bytes are copied. */
async function linkOrCopy(file: StagedFile, target: string, signal: AbortSignal): Promise<void> {
  try {
    await link(file.path, target);
  } catch (error) {
    if (!(await isThere(file.path))) throw new StagingError(`${file.path} is gone`, { cause: error });
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EACCES'].includes(codeOf(error))) throw error;
    await pipeline(createReadStream(file.path), createWriteStream(target, { flags: 'wx' }), { signal });
  }
}

/** Fails where the disk does, and that is said already. */
const discard = (path: string): Promise<void> => removeFile(path).catch(() => undefined);

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const isThere = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
