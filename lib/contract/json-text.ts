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

const WHITE_SPACE = /[\s\uFEFF]/;

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

function skip(text: JsonText, from: number): number {
  let at = from;
  while (at < text.length && WHITE_SPACE.test(text[at] ?? '')) at += 1;
  return at;
}

/** Behind the closing quote of the string that begins at `from`. */
function stringEnd(text: JsonText, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function valueEnd(text: JsonText, from: number): number {
  const first = text[from];
  if (first === '"') return stringEnd(text, from);
  if (first === '{' || first === '[') return containerEnd(text, from);
  let at = from;
  while (at < text.length && !/[\s,}\]]/.test(text[at] ?? '')) at += 1;
  return at;
}

function containerEnd(text: JsonText, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

function depthOf(text: JsonText, start: number, end: number): number {
  let depth = 0;
  let deepest = 0;
  for (let at = start; at < end; at += 1) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, (depth += 1));
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}
