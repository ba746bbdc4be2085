import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sha256 } from '../contract/ids.ts';
import type { StagedResult } from '../contract/job-input.ts';
import { removeFile } from '../files.ts';

import type { ResultStore } from './store.ts';

/** Publishes JSON that was made here, or gives what is published already. It lies in `folder` for a moment. */
export async function putText(
  { store, folder }: { store: ResultStore; folder: string },
  key: string,
  text: string | Uint8Array,
  signal: AbortSignal,
): Promise<StagedResult> {
  const earlier = await store.find(key, signal);
  if (earlier) return earlier;
  const path = join(folder, `text-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(path, text);
    const size = Buffer.byteLength(text);
    return await store.put(key, { path, sha256: sha256(text), size, mimeType: 'application/json' }, signal);
  } finally {
    await removeFile(path);
  }
}
