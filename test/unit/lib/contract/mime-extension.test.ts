import { mimeExtension } from '../../../../lib/contract/mime-extension.ts';

test.each([
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
  ['image/tiff', 'tif'],
  ['image/x-exr', 'exr'],
  ['image/aces', 'exr'],
  ['image/vnd.radiance', 'hdr'],
  ['application/json', 'json'],
  ['application/json; charset=utf-8', 'json'],
  ['IMAGE/PNG', 'png'],
  ['application/pdf', 'pdf'],
  ['application/octet-stream', 'bin'],
  ['image/x-nobody-knows', 'bin'],
  ['', 'bin'],
])('%j has the extension %s', (mimeType, extension) => {
  expect(mimeExtension(mimeType)).toBe(extension);
});

test('add_mime_type wins', () => {
  const configured = new Map([
    ['image/jpeg', 'jpeg'],
    ['image/x-own', 'own'],
  ]);
  expect(mimeExtension('image/jpeg', configured)).toBe('jpeg');
  expect(mimeExtension('Image/X-Own; q=1', configured)).toBe('own');
  expect(mimeExtension('image/png', configured)).toBe('png');
});
