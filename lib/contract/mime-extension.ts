import { extension } from 'mime-types';

/** Where the usual table has none, or another one than people of this trade expect. */
const OWN = new Map([
  ['image/jpeg', 'jpg'],
  ['image/tiff', 'tif'],
  ['image/x-exr', 'exr'],
  ['image/aces', 'exr'],
  ['image/vnd.radiance', 'hdr'],
  ['application/json', 'json'],
]);

/** `${mime_ext}`: without a dot; what `add_mime_type` says wins, an unknown type gives `bin`. Parameters do not count. */
export function mimeExtension(mimeType: string, configured: ReadonlyMap<string, string> = new Map()): string {
  const type = (mimeType.split(';')[0] ?? '').trim().toLowerCase();
  return configured.get(type) ?? OWN.get(type) ?? (extension(type) || 'bin');
}
