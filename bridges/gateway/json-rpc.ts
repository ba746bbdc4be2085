import type { JsonText } from '../../lib/contract/job-input.ts';
import { elementTexts, memberText } from '../../lib/contract/json-text.ts';
import { answerText, type Outcome } from '../../lib/realityserver/json-rpc.ts';

import { isOwn, type OwnCall } from './own-commands.ts';

/** One call of a request: its exact text, and what it asks of us; `own` is undefined for a call of the server behind. */
export interface Part {
  text: JsonText;
  own: OwnCall | undefined;
}

export interface Parts {
  isArray: boolean;
  parts: Part[];
}

/** The calls of a request that holds one of ours; undefined when it holds none, or is no JSON: then it is not for us. */
export function partsOf(text: JsonText): Parts | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isArray = Array.isArray(parsed);
  const parts = (isArray ? elementTexts(text) : [text]).map(partOf);
  return parts.some(({ own }) => own) ? { isArray, parts } : undefined;
}

function partOf(text: JsonText): Part {
  const method = isObject(text) ? textOf(memberText(text, 'method')) : undefined;
  if (method === undefined || !isOwn(method)) return { text, own: undefined };
  return { text, own: { method, parameters: memberText(text, 'params') ?? '{}' } };
}

const isObject = (text: JsonText): boolean => /^\s*\{/.test(text);

const textOf = (value: JsonText | undefined): string | undefined =>
  value?.startsWith('"') ? (JSON.parse(value) as string) : undefined;

/** The answer to a call, under its id and in its version. */
export const answerTo = (call: JsonText, outcome: Outcome): JsonText =>
  answerText({ id: memberText(call, 'id') ?? 'null', isVersion2: memberText(call, 'jsonrpc') !== undefined }, outcome);

/**
 * Answers of both kinds in the order of the calls: `own` by its place, `others` in theirs at the places left. A server
 * that gave another number of answers than it was asked: what is missing is left out, what is too much comes last.
 */
export function joined<T>(total: number, own: ReadonlyMap<number, T>, others: readonly T[]): T[] {
  const left = [...others];
  const inOrder = Array.from({ length: total }, (_, place) => (own.has(place) ? own.get(place) : left.shift()));
  return [...inOrder, ...left].filter((answer): answer is T => answer !== undefined);
}
