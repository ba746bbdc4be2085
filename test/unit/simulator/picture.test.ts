import { PNG } from 'pngjs';

import type { PictureOptions } from '../../../simulator/render/picture.ts';
import { renderedPng } from '../../../simulator/render/png.ts';

const picture = (options: Partial<PictureOptions> = {}): Buffer =>
  renderedPng({ scene: 'sphere', width: 48, height: 32, angle: 30, ...options }, () => undefined);

const pixelOf = (png: Buffer, x: number, y: number): number[] => {
  const { width, data } = PNG.sync.read(png);
  return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
};

test('a picture is a PNG of the size that was asked for', () => {
  const { width, height } = PNG.sync.read(picture({ width: 31, height: 17 }));
  expect([width, height]).toEqual([31, 17]);
});

test('the same parameters give the same bytes', () => {
  expect(picture().equals(picture())).toBe(true);
});

test.each([{ scene: 'torus' }, { angle: 31 }, { tint: { r: 1, g: 0.2, b: 0.1 } }, { width: 49 }])(
  '%j changes the picture',
  (options) => {
    expect(picture(options).equals(picture())).toBe(false);
  },
);

test('the tint is the colour of the object', () => {
  const [red = 0, green = 0, blue = 0] = pixelOf(picture({ tint: { r: 1, g: 0.2, b: 0.1 } }), 24, 14);
  expect(red).toBeGreaterThan(green + 60);
  expect(red).toBeGreaterThan(blue + 60);
});

test('the object throws a shadow', () => {
  const png = picture({ width: 96, height: 64, scene: 'sphere' });
  const { data } = PNG.sync.read(png);
  const brightness = (x: number, y: number): number =>
    data.subarray((y * 96 + x) * 4, (y * 96 + x) * 4 + 3).reduce((a, b) => a + b);
  // The lamp stands at the left.
  expect(brightness(65, 40)).toBeLessThan(brightness(30, 40) - 30);
});

test('a part is exactly what it is in the whole', () => {
  const whole = PNG.sync.read(picture());
  for (const part of [
    { x: 0, y: 0, width: 20, height: 11 },
    { x: 13, y: 7, width: 24, height: 18 },
    { x: 40, y: 20, width: 8, height: 12 },
  ]) {
    const { x, y, width, height } = part;
    const expected = new PNG({ width, height });
    PNG.bitblt(whole, expected, x, y, width, height, 0, 0);
    expect(PNG.sync.read(picture({ part })).data.equals(expected.data)).toBe(true);
  }
});
