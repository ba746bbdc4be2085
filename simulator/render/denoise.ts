import { pictureAt } from './place.ts';
import { pngOf } from './png.ts';

const CHANNELS = 4;
const NEIGHBOURS = [-1, 0, 1];

/** Each channel of each pixel becomes the middle one of its neighbourhood. `place`: path or address of a PNG. */
export async function denoised(place: string): Promise<Buffer> {
  const { width, height, data } = await pictureAt(place);
  const rgba = new Uint8Array(data);
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      for (let channel = 0; channel < CHANNELS - 1; channel += 1) {
        const around = NEIGHBOURS.flatMap((dy) =>
          NEIGHBOURS.map((dx) => data[((y + dy) * width + x + dx) * CHANNELS + channel] ?? 0),
        );
        rgba[(y * width + x) * CHANNELS + channel] = around.sort((one, other) => one - other)[around.length >> 1] ?? 0;
      }
    }
  }
  return pngOf({ width, height, rgba });
}
