import { join } from 'node:path';
import { Readable } from 'node:stream';

import { PNG } from 'pngjs';

import { expectResult } from '../../../activities/expected-result.ts';
import { writeArriving } from '../../../lib/results/arrival.ts';
import { aFolder } from '../../support/a-staged-file.ts';

const folder = aFolder();
const png = PNG.sync.write(new PNG({ width: 40, height: 30 }));
const jpeg = Buffer.from(`ffd8ffe000104a464946${'00'.repeat(400)}ffd9`, 'hex');
/** Two by three pixels, written by OpenEXR. */
const exr = Buffer.from(
  'di8xAQIAAABjaGFubmVscwBjaGxpc3QANwAAAEIAAQAAAAAAAAABAAAAAQAAAEcAAQAAAAAAAAABAAAAAQAAAFIAAQAAAAAAAAABAAAAAQAA' +
    'AABjb21wcmVzc2lvbgBjb21wcmVzc2lvbgABAAAAAmRhdGFXaW5kb3cAYm94MmkAEAAAAAAAAAAAAAAAAQAAAAIAAABkaXNwbGF5V2luZG93' +
    'AGJveDJpABAAAAAAAAAAAAAAAAEAAAACAAAAbGluZU9yZGVyAGxpbmVPcmRlcgABAAAAAHBpeGVsQXNwZWN0UmF0aW8AZmxvYXQABAAAAAAA' +
    'gD9zY3JlZW5XaW5kb3dDZW50ZXIAdjJmAAgAAAAAAAAAAAAAAHNjcmVlbldpbmRvd1dpZHRoAGZsb2F0AAQAAAAAAIA/dHlwZQBzdHJpbmcA' +
    'DQAAAHNjYW5saW5laW1hZ2UAbgEAAAAAAACCAQAAAAAAAJYBAAAAAAAAAAAAAAwAAAAAAAAAAAAAAAAAAAABAAAADAAAAAAAAAAAAAAAAAAA' +
    'AAIAAAAMAAAAAAAAAAAAAAAAAAAA',
  'base64',
);
const html = '<!DOCTYPE html>\n<title>502 Bad Gateway</title>';

let files = 0;

async function expecting(content: string | Buffer, mimeType: string, rules = {}): Promise<void> {
  const path = join(folder, String((files += 1)));
  const bytes = Readable.from([Buffer.from(content)], { objectMode: false });
  await writeArriving(path, { mimeType, bytes }, (arrived) => expectResult('render_product', arrived, rules));
}

test.each([
  ['a PNG', png, 'image/png', {}],
  ['a JPEG', jpeg, 'image/jpeg', {}],
  ['an EXR', exr, 'image/x-exr', {}],
  ['a PNG with notes behind its end', Buffer.concat([png, Buffer.alloc(200)]), 'image/png', {}],
  ['a picture of a format that is not looked into', 'II*', 'image/tiff', {}],
  ['one byte', 'x', 'application/octet-stream', {}],
  ['JSON', '{"a":1}', 'application/json', {}],
  ['what its expect_type names', png, 'image/png', { expectType: 'image/png' }],
  ['what fits its pattern, whatever stands behind the type', png, 'Image/PNG; q=1', { expectType: 'image/*' }],
  ['as many bytes as it must have', png, 'image/png', { minBytes: png.length }],
  ['HTML where HTML was asked for', html, 'text/html', { expectType: 'text/*' }],
])('%s is a result', async (_what, content, mimeType, rules) => {
  await expect(expecting(content, mimeType, rules)).resolves.toBeUndefined();
});

test.each([
  ['another type', png, 'image/png', { expectType: 'image/x-exr' }, 'gave image/png, its expect_type is image/x-exr'],
  ['JSON', '{}', 'application/json', { expectType: 'image/*' }, 'gave application/json, its expect_type is image/*'],
  ['too little', 'abc', 'image/tiff', { minBytes: 4 }, 'gave 3 bytes, its min_bytes is 4'],
  ['a page', html, 'text/html; charset=utf-8', {}, 'gave a page of HTML, as a proxy does'],
  ['a page called a picture', ` ${html}`, 'image/png', { expectType: 'image/*' }, 'gave a page of HTML'],
  ['a PNG without its end', png.subarray(0, -4), 'image/png', {}, 'of a PNG that ends too early'],
  ['half a signature', png.subarray(0, 4), 'image/png', {}, 'gave 4 bytes of a PNG that ends too early'],
  ['a cut JPEG of no type', jpeg.subarray(0, -2), 'application/octet-stream', {}, 'of a JPEG that ends too early'],
  ['an EXR without its last byte', exr.subarray(0, -1), 'image/x-exr', {}, 'of an EXR that ends too early'],
  ['an EXR that ends in its header', exr.subarray(0, 100), 'image/x-exr', {}, 'of an EXR that ends too early'],
  ['an EXR that ends in its table', exr.subarray(0, 350), 'image/x-exr', {}, 'of an EXR that ends too early'],
])('%s is none', async (_what, content, mimeType, rules, message) => {
  await expect(expecting(content, mimeType, rules)).rejects.toMatchObject({
    type: 'UnexpectedResult',
    message: expect.stringContaining(message) as string,
  });
});
