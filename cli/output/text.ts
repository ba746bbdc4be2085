/** Ids, tenants and messages come from anybody: control characters and changes of direction would rule the terminal. */
const UNSAFE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|[\u{20000}-\u{3fffd}]/u;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const charactersOf = (text: string): string[] => Array.from(graphemes.segment(text), ({ segment }) => segment);
const columnsOf = (character: string): number => (WIDE.test(character) ? 2 : 1);

/** On one line, safe to show. */
export const plainText = (text: string): string => text.replace(UNSAFE, ' ').trim();

/** Columns of a terminal that a plain text takes. */
export const widthOf = (text: string): number =>
  charactersOf(text).reduce((width, character) => width + columnsOf(character), 0);

/** At most `width` columns; `…` stands for what is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let room = width - 1;
  for (const character of charactersOf(text)) {
    room -= columnsOf(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Exactly `width` columns, filled with spaces. */
export function fitted(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const space = ' '.repeat(width - widthOf(shown));
  return align === 'right' ? space + shown : shown + space;
}
