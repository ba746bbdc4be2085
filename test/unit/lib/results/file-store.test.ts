import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createFileStore } from '../../../../lib/results/file-store.ts';
import { StoreUnavailable } from '../../../../lib/results/store.ts';
import { aFolder, aStagedFile } from '../../../support/a-staged-file.ts';
import { aKey, itKeepsThePromisesOfAResultStore, patient } from '../../../support/result-store-promises.ts';

describe('the store in a folder', () => {
  const root = aFolder();

  itKeepsThePromisesOfAResultStore(async () => ({
    store: createFileStore({ root }),
    loseBytes: async (uri) => unlinkSync(fileURLToPath(uri)),
    damageBytes: async (uri) => writeFileSync(fileURLToPath(uri), Buffer.alloc(statSync(fileURLToPath(uri)).size)),
  }));

  test('the bytes are linked, not copied', async () => {
    const file = aStagedFile(root);
    const { uri } = await createFileStore({ root }).put(aKey(), file, patient());
    expect(statSync(fileURLToPath(uri)).ino).toBe(statSync(file.path).ino);
  });

  test('a loser removes its bytes, and nobody leaves a temporary file', async () => {
    const store = createFileStore({ root });
    const key = aKey();
    await Promise.all(['a', 'b', 'c'].map((content) => store.put(key, aStagedFile(root, content), patient())));
    const { sha256 } = (await store.find(key, patient()))!;
    expect(readdirSync(join(root, key)).sort()).toEqual([sha256, 'reference.json'].sort());
  });

  test('a reference that a power loss left empty is none, and is replaced', async () => {
    const store = createFileStore({ root });
    const key = aKey();
    const { uri } = await store.put(key, aStagedFile(root, 'whole'), patient());
    writeFileSync(join(dirname(fileURLToPath(uri)), 'reference.json'), '');

    expect(await store.find(key, patient())).toBeUndefined();
    const again = await store.put(key, aStagedFile(root, 'anew'), patient());
    expect(await store.find(key, patient())).toEqual(again);
  });

  test('bytes of another length are not found', async () => {
    const store = createFileStore({ root });
    const key = aKey();
    const { uri } = await store.put(key, aStagedFile(root, 'whole'), patient());
    writeFileSync(fileURLToPath(uri), 'hal');
    expect(await store.find(key, patient())).toBeUndefined();
  });

  test('a folder name with special characters makes an address that leads back', async () => {
    const odd = join(root, 'a b#ü%');
    const store = createFileStore({ root: odd });
    const key = aKey();
    const { uri } = await store.put(key, aStagedFile(root, 'odd'), patient());
    expect(readFileSync(fileURLToPath(uri), 'utf8')).toBe('odd');
    expect((await store.find(key, patient()))?.uri).toBe(uri);
  });

  test('without the folder of a queue the store is away, not the result gone', async () => {
    const published = await createFileStore({ root }).put(aKey(), aStagedFile(root), patient());
    const unmounted = aFolderBeside(root);
    const moved = { ...published, uri: published.uri.replace(root, unmounted) };
    await expect(createFileStore({ root: unmounted }).open(moved, patient())).rejects.toThrow(StoreUnavailable);
  });

  test('a root that is no folder is a store that is unavailable, and the message names it', async () => {
    const path = aStagedFile(root).path;
    const store = createFileStore({ root: path });
    await expect(store.find(aKey(), patient())).rejects.toThrow(StoreUnavailable);
    await expect(store.put(aKey(), aStagedFile(root), patient())).rejects.toThrow(path);
  });
});

function aFolderBeside(root: string): string {
  const folder = join(root, `beside-${Math.random().toString(36).slice(2)}`);
  mkdirSync(folder);
  return folder;
}
