import { PNG } from 'pngjs';

import { rendered, type Picture, type PictureOptions } from './picture.ts';

/** Renders without a pause: for a thread of its own. */
export function renderedPng(options: PictureOptions, report: (percent: number) => void): Buffer {
  const rows = rendered(options);
  for (;;) {
    const { done, value } = rows.next();
    if (done) return pngOf(value);
    report(value);
  }
}

export function pngOf({ width, height, rgba }: Picture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba.buffer, rgba.byteOffset, rgba.length);
  return PNG.sync.write(png, { colorType: 2, deflateLevel: 6 });
}
