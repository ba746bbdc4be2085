import type { ArrivedResult } from './arrival.ts';

/** Headers are a few hundred bytes; a render may add megabytes of notes, and is then taken as it is. */
const MOST_HEADER_BYTES = 64 * 1024;
const FLAGS_AT = 4;
const FIRST_ATTRIBUTE_AT = 8;
const TILED = 0x200;
/** Deep data and several parts: their chunks are laid out in other ways. */
const OTHER_LAYOUTS = 0x800 | 0x1000;
/** Scan lines of one chunk, by the number of the compression (none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB). */
const LINES_OF_CHUNK = [1, 1, 1, 16, 32, 16, 32, 32, 32, 256];
/** In front of a chunk's bytes: its line, or four numbers of its tile; then its length. */
const LINE_NUMBER_BYTES = 4;
const TILE_NUMBER_BYTES = 16;

const TOO_EARLY = Number.POSITIVE_INFINITY;
const UNKNOWN = 0;

/**
 * How long an OpenEXR file must be at least: where its last chunk ends, as the table behind the header says. Infinity
 * when header or table are cut or empty, 0 where a layout is not known: deep, of several parts, of several levels.
 */
export async function exrEnd({ read }: Pick<ArrivedResult, 'read'>): Promise<number> {
  const head = await read(0, MOST_HEADER_BYTES);
  const isWhole = head.length < MOST_HEADER_BYTES;
  if (head.length < FIRST_ATTRIBUTE_AT) return TOO_EARLY;
  const flags = head.readUInt32LE(FLAGS_AT);
  if (flags & OTHER_LAYOUTS) return UNKNOWN;
  const header = readHeader(head);
  if (header === undefined) return isWhole ? TOO_EARLY : UNKNOWN;
  const isTiled = (flags & TILED) !== 0;
  const chunks = isTiled ? tiles(header.attributes) : lineChunks(header.attributes);
  return chunks === undefined ? UNKNOWN : lastChunkEnd(read, header.end, chunks, isTiled);
}

interface Header {
  attributes: ReadonlyMap<string, Buffer>;
  /** Where the table of chunks begins. */
  end: number;
}

/** Attributes: name, type (both end with a zero), length, value. A zero ends them. */
function readHeader(head: Buffer): Header | undefined {
  const attributes = new Map<string, Buffer>();
  let at = FIRST_ATTRIBUTE_AT;
  const text = (): string | undefined => {
    const end = head.indexOf(0, at);
    if (end === -1) return undefined;
    const found = head.toString('latin1', at, end);
    at = end + 1;
    return found;
  };
  for (;;) {
    const name = text();
    if (name === '') return { attributes, end: at };
    if (name === undefined || text() === undefined || at + 4 > head.length) return undefined;
    const length = head.readUInt32LE(at);
    at += 4;
    if (at + length > head.length) return undefined;
    attributes.set(name, head.subarray(at, at + length));
    at += length;
  }
}

function lineChunks(attributes: Header['attributes']): number | undefined {
  const lines = LINES_OF_CHUNK[attributes.get('compression')?.[0] ?? -1];
  const window = sizeOf(attributes);
  return lines === undefined || window === undefined ? undefined : Math.ceil(window.height / lines);
}

/** Of one level: its mode is in the low half of the last byte. */
function tiles(attributes: Header['attributes']): number | undefined {
  const description = attributes.get('tiles');
  const window = sizeOf(attributes);
  if (description?.length !== 9 || window === undefined || ((description[8] ?? 0) & 0xf) !== 0) return undefined;
  return Math.ceil(window.width / description.readUInt32LE(0)) * Math.ceil(window.height / description.readUInt32LE(4));
}

function sizeOf(attributes: Header['attributes']): { width: number; height: number } | undefined {
  const window = attributes.get('dataWindow');
  if (window?.length !== 16) return undefined;
  return {
    width: window.readInt32LE(8) - window.readInt32LE(0) + 1,
    height: window.readInt32LE(12) - window.readInt32LE(4) + 1,
  };
}

const OFFSET_BYTES = 8;
/** A picture of a million lines; more is no picture. */
const MOST_CHUNKS = 1_000_000;

async function lastChunkEnd(
  read: ArrivedResult['read'],
  tableAt: number,
  chunks: number,
  isTiled: boolean,
): Promise<number> {
  if (!(chunks > 0 && chunks <= MOST_CHUNKS)) return UNKNOWN;
  const table = await read(tableAt, chunks * OFFSET_BYTES);
  if (table.length < chunks * OFFSET_BYTES) return TOO_EARLY;
  let last = 0;
  for (let at = 0; at < table.length; at += OFFSET_BYTES) {
    const offset = Number(table.readBigUInt64LE(at));
    // Filled in when the picture is complete.
    if (offset === 0) return TOO_EARLY;
    last = Math.max(last, offset);
  }
  const numbers = isTiled ? TILE_NUMBER_BYTES : LINE_NUMBER_BYTES;
  const length = await read(last + numbers, 4);
  return length.length < 4 ? TOO_EARLY : last + numbers + 4 + length.readUInt32LE(0);
}
