import type { JsonText } from '../../contract/job-input.ts';

/** The bytes that begin a typed value, as RealityServer's clients write and read them ([client]). */
const TYPE = {
  undefined: 0x00,
  boolean: 0x01,
  uint8: 0x02,
  sint8: 0x03,
  uint16: 0x04,
  sint16: 0x05,
  uint32: 0x06,
  sint32: 0x07,
  float32: 0x08,
  float64: 0x09,
  string: 0x0a,
  map: 0x0b,
  array: 0x0c,
  null: 0x0d,
  true: 0x0e,
  false: 0x0f,
  void: 0x10,
  uint64: 0x11,
  sint64: 0x12,
  binary: 0x13,
  canvas: 0x14,
} as const;

/** One value of a frame, and where its bytes begin and end: whoever changes a frame copies the rest as it came. */
export type Typed = { start: number; end: number } & (
  | { kind: 'json'; text: JsonText }
  | { kind: 'map'; members: [name: string, value: Typed][] }
  | { kind: 'array'; items: Typed[] }
  | { kind: 'binary'; mimeType: string; data: Buffer }
  | { kind: 'canvas' }
);

/** A frame that breaks its own rules: lengths beyond its end, unknown types, too deep. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Nobody's parameters nest deeper; the stack holds. */
const DEEPEST = 500;

/** Reads the values of one frame in turn. All numbers little-endian unless told otherwise. Fails with `FrameError`. */
export function createTypedReader(frame: Buffer, start: number, isLittleEndian = true) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = start;

  /** Where the next `size` bytes begin; steps over them. */
  function take(size: number): number {
    const from = at;
    if (size > frame.length - from) throw new FrameError('the frame ends inside a value');
    at += size;
    return from;
  }

  const uint32 = (): number => view.getUint32(take(4), isLittleEndian);
  const uint64 = (): bigint => view.getBigUint64(take(8), isLittleEndian);
  const float64 = (): number => view.getFloat64(take(8), isLittleEndian);

  function string(): string {
    const characterSize = view.getUint8(take(1));
    const length = uint32();
    if (characterSize === 1) return frame.toString('utf8', take(length), at);
    if (characterSize !== 2) throw new FrameError(`unknown character size ${characterSize}`);
    const from = take(length * 2);
    let text = '';
    for (let index = 0; index < length; index += 1)
      text += String.fromCharCode(view.getUint16(from + index * 2, isLittleEndian));
    return text;
  }

  function bytes(size: number | bigint): Buffer {
    const from = take(Number(size));
    return frame.subarray(from, at);
  }

  function json(type: number): JsonText | undefined {
    switch (type) {
      case TYPE.undefined:
      case TYPE.null:
        return 'null';
      case TYPE.boolean:
        return view.getUint8(take(1)) === 0 ? 'false' : 'true';
      case TYPE.true:
        return 'true';
      case TYPE.false:
        return 'false';
      case TYPE.void:
        return '{}';
      case TYPE.uint8:
        return String(view.getUint8(take(1)));
      case TYPE.sint8:
        return String(view.getInt8(take(1)));
      case TYPE.uint16:
        return String(view.getUint16(take(2), isLittleEndian));
      case TYPE.sint16:
        return String(view.getInt16(take(2), isLittleEndian));
      case TYPE.uint32:
        return String(uint32());
      case TYPE.sint32:
        return String(view.getInt32(take(4), isLittleEndian));
      case TYPE.uint64:
        return String(uint64());
      case TYPE.sint64:
        return String(view.getBigInt64(take(8), isLittleEndian));
      case TYPE.float32:
        return floatText(view.getFloat32(take(4), isLittleEndian));
      case TYPE.float64:
        return floatText(float64());
      case TYPE.string:
        return JSON.stringify(string());
      default:
        return undefined;
    }
  }

  function canvas(): void {
    const layers = uint32();
    if (layers === 0) return;
    const [width, height] = [uint32(), uint32()];
    string(); // the pixel format's name
    const [bytesOfComponent, components] = [uint32(), uint32()];
    take(4); // gamma
    take(layers * width * height * bytesOfComponent * components);
  }

  function value(depth = 0): Typed {
    if (depth > DEEPEST) throw new FrameError('the frame nests too deep');
    const from = at;
    const type = view.getUint8(take(1));
    const text = json(type);
    if (text !== undefined) return { start: from, end: at, kind: 'json', text };
    switch (type) {
      case TYPE.map: {
        const members: [string, Typed][] = [];
        for (let count = uint32(); count > 0; count -= 1) members.push([string(), value(depth + 1)]);
        return { start: from, end: at, kind: 'map', members };
      }
      case TYPE.array: {
        const items: Typed[] = [];
        for (let count = uint32(); count > 0; count -= 1) items.push(value(depth + 1));
        return { start: from, end: at, kind: 'array', items };
      }
      case TYPE.binary: {
        const mimeType = string();
        return { start: from, data: bytes(uint64()), end: at, kind: 'binary', mimeType };
      }
      case TYPE.canvas:
        canvas();
        return { start: from, end: at, kind: 'canvas' };
      default:
        throw new FrameError(`unknown type ${type}`);
    }
  }

  return { value, string, float64 };
}

/** A float stays one: `5.0`, not `5`. */
function floatText(value: number): JsonText {
  if (!Number.isFinite(value)) throw new FrameError(`${value} is no JSON number`);
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The last member of that name counts, as in JSON. */
export const memberOf = (map: Typed | undefined, name: string): Typed | undefined =>
  map?.kind === 'map' ? map.members.findLast(([each]) => each === name)?.[1] : undefined;

/** A string value; `undefined` when it is none. */
export const stringOf = (value: Typed | undefined): string | undefined =>
  value?.kind === 'json' && value.text.startsWith('"') ? (JSON.parse(value.text) as string) : undefined;

/** The value as JSON, integers with all their digits, names in their order. Bytes have no JSON: fails with `FrameError`. */
export function jsonTextOf(value: Typed): JsonText {
  switch (value.kind) {
    case 'json':
      return value.text;
    case 'map':
      return `{${value.members.map(([name, each]) => `${JSON.stringify(name)}:${jsonTextOf(each)}`).join(',')}}`;
    case 'array':
      return `[${value.items.map(jsonTextOf).join(',')}]`;
    case 'binary':
    case 'canvas':
      throw new FrameError('Binary values have no place in JSON');
    default:
      return value satisfies never;
  }
}

/** A Binary value to be written. */
export interface BinaryValue {
  mimeType: string;
  data: Buffer;
}

/** The bytes of a value, numbers as the vendor's client types them. Already written values (`Buffer`) are kept as they are. */
export function typedBytes(value: unknown, isLittleEndian = true): Buffer {
  if (Buffer.isBuffer(value)) return value;
  switch (typeof value) {
    case 'string':
      return Buffer.concat([Buffer.of(TYPE.string), stringBytes(value, isLittleEndian)]);
    case 'number':
      return numberBytes(value, isLittleEndian);
    case 'boolean':
      return Buffer.of(value ? TYPE.true : TYPE.false);
    case 'object':
      if (value === null) return Buffer.of(TYPE.null);
      if (isBinary(value)) return binaryBytes(value, isLittleEndian);
      return Array.isArray(value) ? arrayBytes(value, isLittleEndian) : mapBytes(value, isLittleEndian);
    default:
      return Buffer.of(TYPE.null);
  }
}

const isBinary = (value: object): value is BinaryValue => 'data' in value && Buffer.isBuffer(value.data);

export function arrayBytes(items: readonly unknown[], isLittleEndian: boolean): Buffer {
  const head = headBytes(TYPE.array, items.length, isLittleEndian);
  return Buffer.concat([head, ...items.map((item) => typedBytes(item, isLittleEndian))]);
}

function mapBytes(value: object, isLittleEndian: boolean): Buffer {
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  const parts = members.flatMap(([name, each]) => [
    stringBytes(name, isLittleEndian),
    typedBytes(each, isLittleEndian),
  ]);
  return Buffer.concat([headBytes(TYPE.map, members.length, isLittleEndian), ...parts]);
}

function binaryBytes({ mimeType, data }: BinaryValue, isLittleEndian: boolean): Buffer {
  const size = new DataView(new ArrayBuffer(8));
  size.setBigUint64(0, BigInt(data.length), isLittleEndian);
  const type = Buffer.of(TYPE.binary);
  return Buffer.concat([type, stringBytes(mimeType, isLittleEndian), Buffer.from(size.buffer), data]);
}

function headBytes(type: number, count: number, isLittleEndian: boolean): Buffer {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, type);
  head.setUint32(1, count, isLittleEndian);
  return Buffer.from(head.buffer);
}

/** Without the type byte: so are a map's names written too. */
export function stringBytes(text: string, isLittleEndian = true): Buffer {
  const utf8 = Buffer.from(text);
  return Buffer.concat([headBytes(1, utf8.length, isLittleEndian), utf8]);
}

function numberBytes(value: number, isLittleEndian: boolean): Buffer {
  const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0);
  if (isInteger && value >= 0 && value <= 0xff_ff_ff_ff) return headBytes(TYPE.uint32, value, isLittleEndian);
  if (isInteger && value < 0 && value >= -0x80_00_00_00) return headBytes(TYPE.sint32, value, isLittleEndian);
  const bytes = new DataView(new ArrayBuffer(9));
  bytes.setUint8(0, isInteger ? (value < 0 ? TYPE.sint64 : TYPE.uint64) : TYPE.float64);
  if (isInteger) bytes.setBigInt64(1, BigInt(value), isLittleEndian);
  else bytes.setFloat64(1, value, isLittleEndian);
  return Buffer.from(bytes.buffer);
}
