import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { StagedFile } from '../../lib/results/store.ts';

/** A folder of its own that is removed after the test file. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A complete file as a staging folder would hold it; random content unless a test cares. */
export function aStagedFile(folder: string, content: string | Buffer = randomBytes(2_000), mimeType = 'image/png') {
  const bytes = Buffer.from(content);
  const file: StagedFile = {
    path: join(folder, `staged-${randomBytes(6).toString('hex')}`),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    mimeType,
  };
  writeFileSync(file.path, bytes);
  return file;
}
