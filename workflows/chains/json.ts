import { ApplicationFailure } from '@temporalio/workflow';

import type { FailureType } from '../../lib/contract/failures.ts';
import type { JsonText } from '../../lib/contract/job-input.ts';

/** An engine takes 2 MB as one payload. */
const MAX_BYTES = 1024 * 1024;

/** The text of a value that must be JSON; fails with `type` and says where it is none. */
export function jsonText(value: unknown, what: string, type: FailureType): JsonText {
  const mistake = nonJson(value, what, []);
  if (mistake !== undefined) throw ApplicationFailure.nonRetryable(mistake, type);
  const text = JSON.stringify(value);
  if (text.length > MAX_BYTES) {
    const reason = `${what} has ${text.length} characters of JSON, at most ${MAX_BYTES} travel: pass results by reference`;
    throw ApplicationFailure.nonRetryable(reason, type);
  }
  return text;
}

/** Where `value` is not what JSON can hold; `undefined` inside an object is left out, as JSON does. */
function nonJson(value: unknown, path: string, above: readonly unknown[]): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : `${path} is ${value}, which JSON cannot hold`;
  if (typeof value !== 'object') return `${path} is ${kindOf(value)}, which JSON cannot hold`;
  if (isPromise(value)) return `${path} is a Promise: is an await missing?`;
  if (above.includes(value)) return `${path} contains itself, which JSON cannot hold`;
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
  if (!isPlain)
    return `${path} is a ${value.constructor.name}, which JSON cannot hold: make it a plain object or a text`;
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined && !Array.isArray(value)) continue;
    const mistake = nonJson(member, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`, [...above, value]);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

const kindOf = (value: unknown): string => (value === undefined ? 'undefined' : `a ${typeof value}`);

const isPromise = (value: object): boolean => typeof (value as { then?: unknown }).then === 'function';
