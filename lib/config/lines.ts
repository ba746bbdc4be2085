/** A line as the grammar sees it: joined, without leading white space, trailing white space kept [doc]. */
export interface LogicalLine {
  /** Of its first physical line, from 1. */
  line: number;
  text: string;
  /** How many lines were joined to the first one. */
  continuations: number;
  /** Its last line asks for another one, but the file ends. */
  unfinished: boolean;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** Splits at `\n` and `\r\n`, mixed too, and joins a line that ends with `\` with the next one [doc]. Blank lines are left out. */
export function logicalLines(text: string): LogicalLine[] {
  const physical = withoutMark(text).split(/\r?\n/);
  // What follows the last line end is no line, or a trailing `\` would be joined with it unnoticed.
  if (physical.at(-1) === '') physical.pop();
  const lines: LogicalLine[] = [];
  for (let index = 0; index < physical.length;) {
    const parts: string[] = [];
    const first = index;
    let unfinished = true;
    while (unfinished && index < physical.length) {
      const part = physical[index++] ?? '';
      unfinished = part.endsWith('\\');
      parts.push(unfinished ? part.slice(0, -1) : part);
    }
    const joined = parts.join('').trimStart();
    if (joined !== '') lines.push({ line: first + 1, text: joined, continuations: parts.length - 1, unfinished });
  }
  return lines;
}

const withoutMark = (text: string): string => (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
