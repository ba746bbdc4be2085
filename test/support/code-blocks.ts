import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CodeBlock {
  /** As the fence says: `ts`, `json`; empty for none. */
  language: string;
  /** Which file it is: its first line says so in a comment, or the line before the fence does. */
  file: string | undefined;
  text: string;
  /** Of the page, from 1. */
  line: number;
}

/** All fenced blocks of a page in `docs`. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(__dirname, '../../docs', page), 'utf8');
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language = '', block = ''] = match;
    const before = text.slice(0, match.index);
    const named =
      /^(?:\/\/|#) (\S+\.\w+)$/m.exec(block.split('\n', 1)[0] ?? '') ?? /^`(\S+\.\w+)`:\n\n$/m.exec(lastLines(before));
    return { language, file: named?.[1], text: block, line: before.split('\n').length };
  });
}

const lastLines = (text: string): string => text.split('\n').slice(-3).join('\n');
