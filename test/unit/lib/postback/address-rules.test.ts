import { refusedAddress, refusedUrl } from '../../../../lib/postback/address-rules.ts';

test.each([
  '169.254.169.254',
  '169.254.0.1',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::169.254.169.254',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
])('%s is refused', (address) => {
  expect(refusedAddress(address)).toContain(address);
});

test.each([
  '127.0.0.1',
  '::1',
  '10.0.0.1',
  '192.168.1.1',
  '172.16.0.1',
  '100.64.0.1',
  'fd12:3456::1',
  '93.184.215.14',
  '2606:2800::1',
])('%s may be connected to', (address) => {
  expect(refusedAddress(address)).toBeUndefined();
});

test.each([
  'http://169.254.169.254/',
  'http://169.254.169.254./',
  'http://2852039166/',
  'http://0xa9.0xfe.0xa9.0xfe/',
  'http://0251.0376.0251.0376/',
  'http://169.254.43518/',
  'http://[::ffff:169.254.169.254]/',
  'http://[fe80::1]:8080/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://METADATA.google.internal./',
])('%s is refused in whatever way it is written', (address) => {
  expect(refusedUrl(new URL(address), [])).toBeDefined();
  expect(refusedUrl(new URL(address), ['*'])).toBeDefined();
});

test.each([
  ['https://img.shop.example/', '*.shop.example', true],
  ['https://IMG.shop.example./', '*.shop.example', true],
  ['https://a.b.shop.example/', '*.shop.example', true],
  ['https://shop.example/', '*.shop.example', false],
  ['https://shop.example/', 'shop.example', true],
  ['https://shopXexample/', 'shop.example', false],
  ['https://evil.example/?img.shop.example', '*.shop.example', false],
  ['http://127.0.0.1:8080/', '127.0.0.1', true],
  ['http://10.1.2.3/', '10.1.*', true],
  ['http://[::1]/', '[::1]', true],
  ['http://10.1.2.3/', '*.shop.example', false],
])('%s under allow_postback %s: %s', (address, pattern, isAllowed) => {
  expect(refusedUrl(new URL(address), [pattern]) === undefined).toBe(isAllowed);
});

test('without allow_postback any host is allowed', () => {
  expect(refusedUrl(new URL('https://anything.example/'), [])).toBeUndefined();
});

test('only http and https are', () => {
  expect(refusedUrl(new URL('ftp://shop.example/'), [])).toBe('must be an http:// or https:// address');
});
