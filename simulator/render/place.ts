import { readFile } from 'node:fs/promises';

import { PNG } from 'pngjs';

/** The PNG at a path or an address. */
export async function pictureAt(place: string): Promise<PNG> {
  return PNG.sync.read(await bytesAt(place));
}

async function bytesAt(place: string): Promise<Buffer> {
  if (!/^https?:/.test(place)) return readFile(place);
  return Buffer.from(await (await fetch(place)).arrayBuffer());
}
