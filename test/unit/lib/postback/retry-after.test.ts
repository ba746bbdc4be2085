import { retryAfterMs } from '../../../../lib/postback/retry-after.ts';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Sun, 01 Mar 2026 12:01:00 GMT', 60_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %j asks for %j ms', (header, delayMs) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(delayMs);
});
