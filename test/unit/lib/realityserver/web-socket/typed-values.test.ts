import fc from 'fast-check';

import {
  createTypedReader,
  FrameError,
  jsonTextOf,
  memberOf,
  stringOf,
  typedBytes,
} from '../../../../../lib/realityserver/web-socket/typed-values.ts';

const read = (bytes: Buffer, isLittleEndian = true) => createTypedReader(bytes, 0, isLittleEndian).value();
/** Anything but a `FrameError` comes out. */
function valueOrMistake(bytes: Buffer): unknown {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}
const textOf = (...bytes: number[]): string => jsonTextOf(read(Buffer.from(bytes)));

test.each([true, false])('what is written is read again, little-endian: %s', (isLittleEndian) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      expect(JSON.parse(jsonTextOf(read(typedBytes(plain, isLittleEndian), isLittleEndian)))).toEqual(plain);
    }),
  );
});

test.each([
  ['an integer of 64 bits keeps all digits', [0x11, 1, 0, 0, 0, 0, 0, 0x20, 0], '9007199254740993'],
  ['a negative one too', [0x12, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], '-2'],
  ['a float stays one', [0x09, 0, 0, 0, 0, 0, 0, 0x14, 0x40], '5.0'],
  ['of 32 bits too', [0x08, 0, 0, 0x40, 0x3f], '0.75'],
  ['zero keeps its sign', [0x09, 0, 0, 0, 0, 0, 0, 0, 0x80], '-0.0'],
  ['nothing is null', [0x00], 'null'],
  ['void is an empty object', [0x10], '{}'],
  ['characters may have two bytes', [0x0a, 2, 1, 0, 0, 0, 0xfc, 0], '"ü"'],
])('%s', (_rule, bytes, text) => {
  expect(textOf(...bytes)).toBe(text);
});

test('names keep their order and the last of two counts', () => {
  const map = Buffer.from([0x0b, 2, 0, 0, 0, 1, 1, 0, 0, 0, 0x62, 0x02, 1, 1, 1, 0, 0, 0, 0x62, 0x02, 2]);
  expect(jsonTextOf(read(map))).toBe('{"b":1,"b":2}');
  expect(jsonTextOf(memberOf(read(map), 'b') ?? read(map))).toBe('2');
  expect(stringOf(memberOf(read(map), 'b'))).toBeUndefined();
});

test('bytes are read with their type, and have no JSON', () => {
  const value = read(typedBytes({ mimeType: 'image/png', data: Buffer.of(1, 2, 3) }));
  expect(value).toMatchObject({ kind: 'binary', mimeType: 'image/png', data: Buffer.of(1, 2, 3) });
  expect(() => jsonTextOf(value)).toThrow('Binary values have no place in JSON');
});

test('a canvas is stepped over', () => {
  const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
  const canvas = [1, 2, 1].flatMap((each) => [each, 0, 0, 0]);
  const format = [1, 3, 0, 0, 0, 0x52, 0x67, 0x62, 1, 0, 0, 0, 3, 0, 0, 0];
  const pixels = [...zeros(4), ...zeros(6)];
  const bytes = Buffer.from([0x0c, 2, 0, 0, 0, 0x14, ...canvas, ...format, ...pixels, 0x0e]);
  expect(read(bytes)).toMatchObject({ items: [{ kind: 'canvas' }, { text: 'true' }], end: bytes.length });
});

test.each([
  ['a string that says it is longer', [0x0a, 1, 0xff, 0xff, 0xff, 0xff, 0x61]],
  ['bytes that say they are more', [0x13, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ['a list that says it is longer', [0x0c, 0xff, 0xff, 0xff, 0xff, 0x0d]],
  ['an unknown type', [0x77]],
  ['an unknown character size', [0x0a, 3, 1, 0, 0, 0, 0x61]],
  ['a number that is cut', [0x11, 1, 2, 3]],
  ['no value', []],
  ['an endless number', [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f]],
  ['lists within lists', Array.from({ length: 4000 }, () => [0x0c, 1, 0, 0, 0]).flat()],
])('%s is a FrameError', (_what, bytes) => {
  expect(() => textOf(...bytes)).toThrow(FrameError);
});

test('no bytes at all do any harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(valueOrMistake(Buffer.from(bytes))).toBeDefined();
    }),
    { seed: 1, numRuns: 1000 },
  );
});
