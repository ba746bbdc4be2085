import { agoText, bytesText, clockText, durationText } from '../../../../cli/output/quantities.ts';

test.each([
  [0, '0.0 s'],
  [12.46, '12.5 s'],
  [59.94, '59.9 s'],
  [59.97, '1 min'],
  [60, '1 min'],
  [200, '3 min 20 s'],
  [3_599.6, '1 h'],
  [7_500, '2 h 5 min'],
  [356_400, '4 d 3 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([
  [-5_000, 'just now'],
  [900, 'just now'],
  [12_900, '12 s ago'],
  [200_000, '3 min ago'],
  [7_500_000, '2 h ago'],
  [400_000_000, '4 d ago'],
])('%i ms before now was %s', (beforeMs, text) => {
  const nowMs = 1_780_000_000_000;
  expect(agoText(new Date(nowMs - beforeMs).toISOString(), nowMs)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [48_213, '48.2 kB'],
  [999_960, '1.0 MB'],
  [314_572_800, '314.6 MB'],
  [5e15, '5000.0 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('a time of the last day is a clock, an older one has its date', () => {
  const at = new Date(2026, 2, 1, 2, 14);
  expect(clockText(at.toISOString(), at.getTime() + 3_600_000)).toBe('02:14');
  expect(clockText(at.toISOString(), at.getTime() + 86_400_000)).toBe('03-01 02:14');
});
