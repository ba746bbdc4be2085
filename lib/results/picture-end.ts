import type { FileHandle } from 'node:fs/promises';

import { exrEnd } from './exr-end.ts';

/** Some writers add a few bytes behind a picture's own end. */
const TAIL_BYTES = 1024;

interface Format {
  name: string;
  begins: Buffer;
  /** Whether the picture's own end is there. */
  ends(file: FileHandle, size: number): Promise<boolean>;
}

const FORMATS: readonly Format[] = [
  { name: 'a PNG', begins: bytes('89504e470d0a1a0a'), ends: hasInTail(bytes('0000000049454e44ae426082')) },
  { name: 'a JPEG', begins: bytes('ffd8ff'), ends: hasInTail(bytes('ffd9')) },
  { name: 'an EXR', begins: bytes('762f3101'), ends: async (file, size) => (await exrEnd(file)) <= size },
];

/**
 * The format of a PNG, JPEG or EXR that ends too early, by its own bytes, whatever it is called; undefined for anything
 * else. Looks at the beginning and the end alone: for the chunk IEND, the marker EOI, the place of the last EXR chunk.
 */
export async function cutPicture(file: FileHandle, head: Buffer, size: number): Promise<string | undefined> {
  const format = FORMATS.find(({ begins }) => beginsAlike(head, begins));
  return format === undefined || (await format.ends(file, size)) ? undefined : format.name;
}

/** A file may end within its first bytes; one byte tells nothing. */
const beginsAlike = (head: Buffer, begins: Buffer): boolean => {
  const common = Math.min(head.length, begins.length);
  return common > 1 && head.subarray(0, common).equals(begins.subarray(0, common));
};

function hasInTail(end: Buffer): Format['ends'] {
  return async (file, size) => {
    const length = Math.min(TAIL_BYTES, size);
    return (await read(file, size - length, length)).includes(end);
  };
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
