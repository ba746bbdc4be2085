import { createTypedReader, stringBytes, typedBytes } from './typed-values.ts';

/** The numbers that begin a binary frame ([client]). */
export const MESSAGE = {
  image: 1,
  imageAcknowledged: 2,
  timeRequest: 3,
  timeResponse: 4,
  command: 5,
  response: 6,
  preferString: 7,
  progress: 8,
} as const;

/** Protocol versions that the vendor's client 2.0.1 speaks. */
export const OLDEST_VERSION = 2;
export const NEWEST_VERSION = 9;

/** The server's first frame and the client's answer have this many bytes. */
export const START_BYTES = 40;
const MAGIC = Buffer.from('RSWSRLIS');
/** Bytes of the server's own, which the client sends back. */
export const MARK_BYTES = 16;

/** The server's first frame: byte order, newest version, its clock in seconds, a mark that comes back. */
export function helloFrame(version: number, mark: Buffer, nowSeconds: number): Buffer {
  const frame = Buffer.alloc(START_BYTES);
  MAGIC.copy(frame);
  frame.writeUInt8(1, 8); // little-endian
  frame.writeUInt32LE(version, 12);
  frame.writeDoubleLE(nowSeconds, 16);
  mark.copy(frame, START_BYTES - MARK_BYTES);
  return frame;
}

/** The client's answer to the server's first frame, with the version it wants to speak. */
export function helloAnswer(version: number, mark: Buffer, nowSeconds: number): Buffer {
  const frame = Buffer.alloc(START_BYTES);
  MAGIC.copy(frame);
  frame.writeUInt32LE(version, 8);
  frame.writeDoubleLE(nowSeconds, 16);
  mark.copy(frame, START_BYTES - MARK_BYTES);
  return frame;
}

/** What stands in the server's first frame; `undefined` when it is none, or not little-endian. */
export function readHello(frame: Buffer): { version: number; mark: Buffer } | undefined {
  if (!isStart(frame) || frame.length !== START_BYTES || frame[8] !== 1) return undefined;
  return { version: frame.readUInt32LE(12), mark: frame.subarray(START_BYTES - MARK_BYTES) };
}

/** What stands in the client's answer; `undefined` when it is none. */
export function readHelloAnswer(frame: Buffer): { version: number; mark: Buffer } | undefined {
  if (!isStart(frame) || frame.length !== START_BYTES) return undefined;
  return { version: frame.readUInt32LE(8), mark: frame.subarray(START_BYTES - MARK_BYTES) };
}

/** The server's last frame of the start-up: from here on commands. */
export function startedFrame(version: number): Buffer {
  const frame = Buffer.alloc(MAGIC.length + 4);
  MAGIC.copy(frame);
  frame.writeUInt32LE(version, MAGIC.length);
  return frame;
}

/** The version that is spoken; `undefined` when the frame is no end of a start-up. */
export const readStarted = (frame: Buffer): number | undefined =>
  isStart(frame) && frame.length >= MAGIC.length + 4 ? frame.readUInt32LE(MAGIC.length) : undefined;

const isStart = (frame: Buffer): boolean => frame.subarray(0, MAGIC.length).equals(MAGIC);

/** A frame's number and whether all of its numbers are little-endian; `undefined` when it begins with none. */
export function messageOf(frame: Buffer): { message: number; isLittleEndian: boolean } | undefined {
  if (frame.length < 4) return undefined;
  for (const isLittleEndian of [true, false]) {
    const message = isLittleEndian ? frame.readUInt32LE(0) : frame.readUInt32BE(0);
    if (message >= MESSAGE.image && message <= MESSAGE.progress) return { message, isLittleEndian };
  }
  return undefined;
}

export const messageBytes = (message: number, isLittleEndian = true): Buffer => {
  const bytes = Buffer.alloc(4);
  if (isLittleEndian) bytes.writeUInt32LE(message);
  else bytes.writeUInt32BE(message);
  return bytes;
};

/** The answer to the command of that id; both may be written already. */
export const responseFrame = (id: unknown, response: unknown, isLittleEndian = true): Buffer =>
  Buffer.concat([
    messageBytes(MESSAGE.response, isLittleEndian),
    typedBytes(id, isLittleEndian),
    typedBytes(response, isLittleEndian),
  ]);

/** Comes while a command runs. */
export interface ProgressEvent {
  /** The command's `import_id`, else of the server's choice. */
  id: string;
  /** 0 to 100. */
  value: number;
  area: string;
  message: string;
}

export function progressFrame({ id, value, area, message }: ProgressEvent): Buffer {
  const number = Buffer.alloc(8);
  number.writeDoubleLE(value);
  const words = [stringBytes(id), number, stringBytes(area), stringBytes(message)];
  return Buffer.concat([messageBytes(MESSAGE.progress), ...words]);
}

/** Fails with `FrameError`. */
export function readProgress(frame: Buffer): ProgressEvent {
  const reader = createTypedReader(frame, 4);
  return { id: reader.string(), value: reader.float64(), area: reader.string(), message: reader.string() };
}
