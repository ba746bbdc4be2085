import type { JsonText } from './job-input.ts';

/** A member of an object's text: its decoded name, where that begins, and where its value's text begins and ends. */
interface Member {
  name: string;
  nameStart: number;
  start: number;
  end: number;
}

/**
 * The exact text of a top-level member's value, as it came: no number re-encoded, no key reordered. Of duplicate names
 * the last one counts, as it does for `JSON.parse`. `undefined` when there is none. The text must be a valid JSON object.
 */
export function memberText(text: JsonText, name: string): JsonText | undefined {
  let found: JsonText | undefined;
  for (const member of membersOf(text)) if (member.name === name) found = text.slice(member.start, member.end);
  return found;
}

/** The same text with a member's value in place of the one it has, or with the member added; the rest stays to the byte. */
export function withMember(text: JsonText, name: string, value: JsonText): JsonText {
  let found: Member | undefined;
  let isEmpty = true;
  for (const member of membersOf(text)) {
    isEmpty = false;
    if (member.name === name) found = member;
  }
  if (found) return text.slice(0, found.start) + value + text.slice(found.end);
  const end = text.lastIndexOf('}');
  return `${text.slice(0, end).trimEnd()}${isEmpty ? '' : ', '}${JSON.stringify(name)}: ${value}${text.slice(end)}`;
}

/** The object without that member, however often it stands there; the texts of the others as they came. */
export function withoutMember(text: JsonText, name: string): JsonText {
  const others = [...membersOf(text)].filter((member) => member.name !== name);
  return `{${others.map(({ nameStart, end }) => text.slice(nameStart, end)).join(',')}}`;
}

/** The first top-level member whose value nests deeper than `limit` objects and arrays; `undefined` when none does. */
export function tooDeepMember(text: JsonText, limit: number): string | undefined {
  for (const { name, start, end } of membersOf(text)) if (depthOf(text, start, end) > limit) return name;
  return undefined;
}

/** The exact texts of an array's elements, as they came. The text must be a valid JSON array. */
export function elementTexts(array: JsonText): JsonText[] {
  const elements: JsonText[] = [];
  let at = skip(array, skip(array, 0) + 1); // past `[`
  while (at < array.length && array[at] !== ']') {
    const end = valueEnd(array, at);
    elements.push(array.slice(at, end));
    at = skip(array, skip(array, end) + 1); // past `,` or `]`
  }
  return elements;
}

/** Without recursion: a body may nest deeper than any stack. */
function* membersOf(text: JsonText): Generator<Member> {
  let at = skip(text, skip(text, 0) + 1); // past `{`
  while (text[at] === '"') {
    const nameEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const start = skip(text, skip(text, nameEnd) + 1); // past `:`
    const end = valueEnd(text, start);
    yield { name, nameStart: at, start, end };
    at = skip(text, skip(text, end) + 1); // past `,` or `}`
  }
}

/** JSON's white space and a byte order mark. */
function skip(text: JsonText, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB && code !== BYTE_ORDER_MARK) return at;
    at += 1;
  }
}

/** Behind the closing quote of the string that begins at `from`. */
function stringEnd(text: JsonText, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  return text.length;
}

function valueEnd(text: JsonText, from: number): number {
  const first = text.charCodeAt(from);
  if (first === QUOTE) return stringEnd(text, from);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return containerEnd(text, from);
  let at = from;
  while (at < text.length && !/[\s,}\]]/.test(text[at] ?? '')) at += 1;
  return at;
}

function containerEnd(text: JsonText, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return text.length;
}

function depthOf(text: JsonText, start: number, end: number): number {
  let depth = 0;
  let deepest = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) deepest = Math.max(deepest, (depth += 1));
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return deepest;
}

/** Each character of each message is looked at: as a number it costs a fifth. */
const [TAB, LINE_FEED, RETURN, SPACE, QUOTE, BACKSLASH] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
const BYTE_ORDER_MARK = 0xfe_ff;
