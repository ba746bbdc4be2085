import { cutSignatures, withoutSignatures } from '../../../../lib/results/signed-addresses.ts';

const QUERY =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260301&X-Amz-Signature=0123abcd&x-id=GetObject';
const ADDRESS = `https://results.s3.eu-west-1.amazonaws.com/renders/frame?${QUERY}`;

test.each([
  ['plain', `cannot read "${ADDRESS}": 403`],
  ['escaped as JSON', `{"url":"${ADDRESS.replaceAll('&', '\\u0026')}"}`],
  ['escaped as HTML', `<a href='${ADDRESS.replaceAll('&', '&amp;')}'>`],
  ['inside another address', `https://proxy/fetch?url=${encodeURIComponent(ADDRESS)}`],
  ['with its question mark escaped', `"${ADDRESS.replace('?', '\\u003f')}"`],
])('the signature of a presigned address is cut out: %s', (_how, text) => {
  expect(withoutSignatures(text)).not.toMatch(/Signature|0123abcd|AKIA/);
  expect(withoutSignatures(text)).toContain('https://');
});

test('an address without a signature stays', () => {
  expect(withoutSignatures('https://shop.example/?page=1')).toBe('https://shop.example/?page=1');
});

test('an error loses it in its causes too', () => {
  const error = new Error(`first ${ADDRESS}`, { cause: new Error(`second ${ADDRESS}`) });
  cutSignatures(error);
  expect(
    `${error.stack} ${error.message} ${(error.cause as Error).message} ${(error.cause as Error).stack}`,
  ).not.toMatch(/0123abcd/);
});
