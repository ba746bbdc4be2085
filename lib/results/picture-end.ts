import type { ArrivedResult } from './arrival.ts';
import { exrEnd } from './exr-end.ts';

/** Some writers add a few bytes behind a picture's own end. */
const TAIL_BYTES = 1024;

interface Format {
  name: string;
  begins: Buffer;
  /** Whether the picture's own end is there. */
  ends(result: ArrivedResult): Promise<boolean>;
}

const FORMATS: readonly Format[] = [
  { name: 'a PNG', begins: bytes('89504e470d0a1a0a'), ends: hasInTail(bytes('0000000049454e44ae426082')) },
  { name: 'a JPEG', begins: bytes('ffd8ff'), ends: hasInTail(bytes('ffd9')) },
  { name: 'an EXR', begins: bytes('762f3101'), ends: async (result) => (await exrEnd(result)) <= result.size },
];

/**
 * The format of a PNG, JPEG or EXR that ends too early, by its own bytes, whatever it is called; undefined for anything
 * else. Looks at the beginning and the end alone: for the chunk IEND, the marker EOI, the place of the last EXR chunk.
 */
export async function cutPicture(result: ArrivedResult, head: Buffer): Promise<string | undefined> {
  const format = FORMATS.find(({ begins }) => beginsAlike(head, begins));
  return format === undefined || (await format.ends(result)) ? undefined : format.name;
}

/** A file may end within its first bytes; one byte tells nothing. */
const beginsAlike = (head: Buffer, begins: Buffer): boolean => {
  const common = Math.min(head.length, begins.length);
  return common > 1 && head.subarray(0, common).equals(begins.subarray(0, common));
};

function hasInTail(end: Buffer): Format['ends'] {
  return async ({ size, read }) => (await read(Math.max(size - TAIL_BYTES, 0), TAIL_BYTES)).includes(end);
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
