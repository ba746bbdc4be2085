import { readFile } from 'node:fs/promises';

import { ifPresent } from './files.ts';

/** What a file holds; undefined where there is none, `value: undefined` where it is no JSON: a power loss may leave half. */
export async function readJsonFile(path: string): Promise<{ value: unknown } | undefined> {
  const text = await ifPresent(readFile(path, 'utf8'));
  return text === undefined ? undefined : { value: jsonOf(text) };
}

/** Undefined is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
