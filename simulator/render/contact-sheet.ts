import { PNG } from 'pngjs';

import { pictureAt } from './place.ts';
import { pngOf } from './png.ts';

const GAP = 4;
const OPAQUE_WHITE = 255;

/** Pictures of one size side by side, in rows as equal as they get. `places`: paths or addresses of PNGs. */
export async function contactSheet(places: readonly string[]): Promise<Buffer> {
  const pictures = await Promise.all(places.map(pictureAt));
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const [cellWidth, cellHeight] = [widest(pictures, 'width') + GAP, widest(pictures, 'height') + GAP];
  const sheet = new PNG({ width: columns * cellWidth + GAP, height: rows * cellHeight + GAP });
  sheet.data.fill(OPAQUE_WHITE);
  for (const [index, picture] of pictures.entries()) {
    const [x, y] = [GAP + (index % columns) * cellWidth, GAP + Math.floor(index / columns) * cellHeight];
    PNG.bitblt(picture, sheet, 0, 0, picture.width, picture.height, x, y);
  }
  return pngOf({ width: sheet.width, height: sheet.height, rgba: sheet.data });
}

const widest = (pictures: readonly PNG[], side: 'width' | 'height'): number =>
  Math.max(...pictures.map((picture) => picture[side]));
