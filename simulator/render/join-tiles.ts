import { PNG } from 'pngjs';

import { pictureAt } from './place.ts';
import { pngOf } from './png.ts';

export interface Tile {
  /** Path or address of a PNG. */
  picture: string;
  /** Where its left upper corner goes. */
  x: number;
  y: number;
}

/** Puts tiles together, one after the other: no more than one of them is in memory beside the whole. */
export async function joinTiles({ width, height, tiles }: { width: number; height: number; tiles: readonly Tile[] }) {
  const whole = new PNG({ width, height });
  for (const { picture, x, y } of tiles) {
    const tile = await pictureAt(picture);
    PNG.bitblt(tile, whole, 0, 0, tile.width, tile.height, x, y);
  }
  return pngOf({ width, height, rgba: whole.data });
}
