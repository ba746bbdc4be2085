import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { sha256 } from '../contract/ids.ts';
import { ifPresent } from '../files.ts';
import { readJsonFile } from '../json-file.ts';

import type { StagedFile } from './store.ts';

const Meta = z.object({ workflowId: z.string(), runId: z.string() });

/** Whose result it is: one of a closed workflow is of no use. */
export type StagingMeta = z.output<typeof Meta>;

export interface StagedFileOf {
  key: string;
  file: StagedFile;
  meta: StagingMeta;
}

const Sidecar = z.object({
  key: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
  mimeType: z.string(),
  meta: Meta,
});

export const sidecarText = ({ key, file: { sha256, size, mimeType }, meta }: StagedFileOf): string =>
  JSON.stringify({ key, sha256, size, mimeType, meta });

/** What a sidecar says, when the bytes beside it are those it speaks of. */
export async function readSidecar(path: string): Promise<StagedFileOf | undefined> {
  const sidecar = Sidecar.safeParse((await readJsonFile(path))?.value).data;
  if (!sidecar) return undefined;
  const { key, meta, ...described } = sidecar;
  const file = { path: join(dirname(path), `${sha256(key)}-${described.sha256}`), ...described };
  return (await isWhole(file)) ? { key, file, meta } : undefined;
}

async function isWhole({ path, size, sha256 }: { path: string; size: number; sha256: string }): Promise<boolean> {
  const found = await ifPresent(stat(path));
  if (found?.size !== size) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex') === sha256;
}
