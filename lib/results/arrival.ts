import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

import { inFolder } from '../files.ts';

import { onDisk } from './staging-error.ts';

/** A result whose last byte is here. */
export interface ArrivedResult {
  mimeType: string;
  size: number;
  /** So many bytes, or those that there are; of its first and last kilobyte without waiting for the disk. */
  read(position: number, length: number): Promise<Buffer>;
}

const END_BYTES = 1024;

/**
 * Writes what arrives into a new file. `check` looks at it when its last byte is here, before the disk has it: the GPU
 * waits for that. Nothing is forced to the disk either: who reads it after a restart checks it.
 */
export async function writeArriving(
  path: string,
  { mimeType, bytes }: { mimeType: string; bytes: Readable },
  check: (arrived: ArrivedResult) => Promise<void> | undefined,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  const ends = keepEnds();
  const opening = onDisk(inFolder(dirname(path), () => open(path, 'wx+')));
  let written: Promise<unknown> = opening;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      hash.update(chunk);
      ends.add(chunk);
      // One at a time is on its way to the disk: memory stays flat.
      await written;
      const file = await opening;
      // Unlike `write`, writes all of it.
      written = onDisk(file.writeFile(chunk));
      written.catch(() => undefined);
    }
    const fromDisk = async (position: number, length: number): Promise<Buffer> => {
      await written;
      const file = await opening;
      const { buffer, bytesRead } = await onDisk(file.read(Buffer.alloc(length), 0, length, position));
      return buffer.subarray(0, bytesRead);
    };
    const { size } = ends;
    const read = async (position: number, length: number) => ends.part(position, length) ?? fromDisk(position, length);
    await check({ mimeType, size, read });
    await written;
    return { sha256: hash.digest('hex'), size };
  } finally {
    const file = await opening.catch(() => undefined);
    await file?.close();
  }
}

/** The first and the last bytes of a stream. */
function keepEnds() {
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  const joined = (one: Buffer, other: Buffer): Buffer => Buffer.concat([one, other]);
  return {
    get size() {
      return size;
    },
    add(chunk: Buffer): void {
      size += chunk.length;
      if (head.length < END_BYTES) head = joined(head, chunk.subarray(0, END_BYTES - head.length));
      tail = joined(chunk.length < END_BYTES ? tail : Buffer.alloc(0), chunk.subarray(-END_BYTES)).subarray(-END_BYTES);
    },
    /** Undefined when some of it is not kept. */
    part(position: number, length: number): Buffer | undefined {
      const end = Math.min(position + length, size);
      if (end <= head.length) return head.subarray(position, end);
      const tailAt = size - tail.length;
      return position >= tailAt ? tail.subarray(position - tailAt, end - tailAt) : undefined;
    },
  };
}
