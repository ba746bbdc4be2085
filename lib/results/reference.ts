import { z } from 'zod';

import type { StagedResult } from '../contract/job-input.ts';
import { jsonOf } from '../json-file.ts';

import { isSafeKey } from './key.ts';
import { NoSuchResult } from './store.ts';

/** The object that publishes a key: whoever can read it finds the bytes, named by their sha256, beside it. */
export const REFERENCE_NAME = 'reference.json';

const Reference = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
  mimeType: z.string().min(1),
});

/** A reference without its address: a store may be mounted elsewhere on another host. */
export type Reference = z.output<typeof Reference>;

export const referenceText = ({ sha256, size, mimeType }: Reference): string =>
  JSON.stringify({ sha256, size, mimeType });

/** Undefined for anything else: a power loss may leave an empty file. */
export const parseReference = (text: string): Reference | undefined => Reference.safeParse(jsonOf(text)).data;

/**
 * The key in an address `<base>/<key>/<sha256>`. The address must be, letter for letter, what this store would write:
 * no `..`, no encoding, nothing that two readers could read differently.
 */
export function keyUnder(base: string, { uri, sha256 }: StagedResult): string {
  const key = uri.startsWith(`${base}/`) && uri.endsWith(`/${sha256}`) ? uri.slice(base.length + 1, -65) : '';
  if (!/^[0-9a-f]{64}$/.test(sha256) || !isSafeKey(key)) {
    throw new NoSuchResult(`${uri} lies outside the result store ${base}`);
  }
  return key;
}

/** Keys become paths, so a bad one is a mistake of ours that must not reach the disk. */
export function checkedKey(key: string): string {
  if (!isSafeKey(key)) throw new RangeError(`Not a key of the result store: ${key}`);
  return key;
}
