import {
  bucket,
  hostAndPort,
  hostPattern,
  isLoopback,
  linkUrl,
  origin,
  serverUrl,
} from '../../../../lib/config/addresses.ts';
import { durationMs } from '../../../../lib/config/durations.ts';
import { resultStore } from '../../../../lib/config/result-store.ts';
import {
  durationFrom,
  maxWaitingJobs,
  mimePattern,
  path,
  wholeNumber,
  type ValueKind,
} from '../../../../lib/config/values.ts';

const read = (kind: ValueKind<unknown>, value: string): unknown => kind.read(value, '/etc/dqm');

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['0s', 0],
  ['30', undefined],
  ['1.5h', undefined],
  ['-1s', undefined],
  ['1h30m', undefined],
  ['1 h', undefined],
  ['1H', undefined],
  ['999999999999999d', undefined],
])('the duration %s has %s milliseconds', (value, expected) => {
  expect(durationMs(value)).toBe(expected);
});

test.each<[kind: ValueKind<unknown>, value: string, expected: unknown]>([
  [durationFrom('1s', '24d'), '24d', 2_073_600_000],
  [durationFrom('1s', '24d'), '25d', undefined],
  [durationFrom('1s', '24d'), '999ms', undefined],
  [durationFrom('1s', '24d'), '0', undefined],
  [durationFrom('0s', '24d'), '0', 0],
  [wholeNumber(1, 100), '100 ', 100],
  [wholeNumber(1, 100), '0', undefined],
  [wholeNumber(1, 100), '1e2', undefined],
  [wholeNumber(1, 100), '0x10', undefined],
  [maxWaitingJobs, 'unlimited', 'unlimited'],
  [maxWaitingJobs, '50', 50],
  [maxWaitingJobs, '0', undefined],
  [mimePattern, 'Image/*', 'image/*'],
  [mimePattern, '*/png', undefined],
  [mimePattern, 'image', undefined],
  [path, 'results', '/etc/dqm/results'],
  [path, '../a', '/etc/a'],
  [path, '/a/../b', '/b'],
  [path, '~/results', undefined],
  [serverUrl, 'HTTP://Host:80', 'http://host/'],
  [serverUrl, 'ws://host/', undefined],
  [serverUrl, 'host:8080', undefined],
  [serverUrl, 'http://host/ # ours', undefined],
  [linkUrl, 'https://ui.example/temporal/', 'https://ui.example/temporal'],
  [linkUrl, 'https://user:word@ui.example/', undefined],
  [origin, 'https://shop.example/', 'https://shop.example'],
  [origin, 'https://shop.example/basket', undefined],
  [origin, 'null', undefined],
  [hostAndPort(1), '127.0.0.1:7233', '127.0.0.1:7233'],
  [hostAndPort(1), '[::1]:7233', '[::1]:7233'],
  [hostAndPort(1), 'temporal:0', undefined],
  [hostAndPort(0), '127.0.0.1:0', '127.0.0.1:0'],
  [hostAndPort(1), 'temporal:65536', undefined],
  [hostAndPort(1), 'temporal', undefined],
  [hostAndPort(1), ':7233', undefined],
  [hostAndPort(1), '::1:7233', undefined],
  [hostPattern, '*.Shop.example', '*.shop.example'],
  [hostPattern, '*.bücher.example', '*.xn--bcher-kva.example'],
  [hostPattern, '[2001:db8::1]', '[2001:db8::1]'],
  [hostPattern, 'https://shop.example', undefined],
  [hostPattern, 'shop.example:8080', undefined],
  [bucket, 'results', 'results'],
  [bucket, 'results/2024', undefined],
  [resultStore, 'results', { kind: 'file', root: '/etc/dqm/results' }],
  [resultStore, '/srv/results', { kind: 'file', root: '/srv/results' }],
  [resultStore, 'file:///srv/a%20b/', { kind: 'file', root: '/srv/a b' }],
  [resultStore, 'file:results', { kind: 'file', root: '/etc/dqm/results' }],
  [resultStore, 'file://host/srv', undefined],
  [resultStore, 's3://results', { kind: 's3', bucket: 'results', prefix: '' }],
  [resultStore, 's3://results/dqm/a/', { kind: 's3', bucket: 'results', prefix: 'dqm/a' }],
  [resultStore, 's3://key:secret@results/dqm', undefined],
  [resultStore, 'https://results.example/', undefined],
])('%#: %o reads %s as %o', (kind, value, expected) => {
  expect(read(kind, value)).toEqual(expected);
});

test.each([
  ['127.0.0.1:80', true],
  ['127.8.8.8:80', true],
  ['localhost:80', true],
  ['[::1]:80', true],
  ['0.0.0.0:80', false],
  ['127.evil.example:80', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});
