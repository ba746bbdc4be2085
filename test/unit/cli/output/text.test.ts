import { cut, fitted, plainText, widthOf } from '../../../../cli/output/text.ts';

test.each([
  ['chair', 5],
  ['漢字', 4],
  ['e\u0301', 1],
  ['🎨', 2],
  ['👩‍🎨', 2],
])('%s is as wide as the terminal shows it: %i', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test.each([
  ['chair-1', 7, 'chair-1'],
  ['chair-1', 6, 'chair…'],
  ['漢字漢字', 4, '漢…'],
  ['chair', 1, '…'],
])('%s in %i columns is %s', (text, width, expected) => {
  expect(cut(text, width)).toBe(expected);
});

test('a text fills its columns, from the left or from the right', () => {
  expect([fitted('漢', 4), fitted('7', 3, 'right')]).toEqual(['漢  ', '  7']);
});

test.each(['a\u001b]0;x\u0007b', 'a\r\nb', 'a\u202eb', 'a\u009bb'])(
  'what would rule the terminal is taken out: %j',
  (text) => {
    expect(plainText(text)).toMatch(/^a[ -~]*b$/);
  },
);
