import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createBodyStore, isLarge } from '../../../../bridges/intake/body-store.ts';
import { sha256 } from '../../../../lib/contract/ids.ts';
import { createFileStore } from '../../../../lib/results/file-store.ts';
import { readText } from '../../../../lib/results/text.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dqm-bodies-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

test('128 KiB stay in the history, more do not', () => {
  expect(isLarge(Buffer.alloc(131_072))).toBe(false);
  expect(isLarge(Buffer.alloc(131_073))).toBe(true);
});

test('a body comes back as it was, the same one is kept once, and nothing else is left', async () => {
  const store = createFileStore({ root: join(folder, 'results') });
  const bodies = createBodyStore({ store, folder: join(folder, 'bodies') });
  const body = Buffer.from(`{"command":"Käthe","x":"${'x'.repeat(200_000)}"}`);
  const keep = () => bodies.keep('renders', 'job/renders/chair-1', body);
  const [reference, ...others] = await Promise.all([keep(), keep(), keep()] as const);
  expect(others).toEqual([reference, reference]);
  expect(reference).toMatchObject({ sha256: sha256(body), size: body.length });
  expect(reference.uri).toContain('/renders/chair-1~');
  expect(await readText(store, reference, new AbortController().signal)).toBe(body.toString());
  expect(await readdir(join(folder, 'bodies'))).toEqual([]);
});
