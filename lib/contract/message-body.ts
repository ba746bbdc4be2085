import type { JsonText } from './job-input.ts';
import { tooDeepMember } from './json-text.ts';

export interface MessageObject {
  /** The exact body. */
  text: JsonText;
  value: Record<string, unknown>;
}

/** Deeper than any scene description, and shallow enough for every JSON reader on the way. */
const DEEPEST = 1_000;

/** From bytes to a JSON object, or the reason why they are none. Never throws, and never quotes the body. */
export function parseBody(bytes: Uint8Array, maxBytes: number): MessageObject | { reason: string } {
  if (bytes.length > maxBytes) {
    return { reason: `body: has ${bytes.length} bytes, max_message_bytes allows ${maxBytes}` };
  }
  if (bytes.length === 0) return { reason: 'body: is empty, must be a JSON object' };
  const text = utf8(bytes);
  if (text === undefined) return { reason: 'body: is not UTF-8' };
  const parsed = parseJson(text);
  if ('reason' in parsed) return parsed;
  const { value } = parsed;
  if (!isJsonObject(value)) return { reason: `body: must be a JSON object, is ${kindOf(value)}` };
  const tooDeep = text.length > DEEPEST ? tooDeepMember(text, DEEPEST) : undefined;
  if (tooDeep !== undefined) return { reason: `${shortName(tooDeep)}: nests deeper than ${DEEPEST} levels` };
  return { text, value };
}

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const LONGEST_NAME = 60;

/** A name of the producer's, short enough for a message. */
export const shortName = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;

/** A byte order mark stays: the text is what was sent. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): { value: unknown } | { reason: string } {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch (error) {
    // The parser's message may hold a piece of the body; where it stumbled is enough to find it.
    const [, position] = /position (\d+)/.exec((error as Error).message) ?? [];
    return { reason: `body: is not JSON${position === undefined ? '' : `, see character ${Number(position) + 1}`}` };
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
