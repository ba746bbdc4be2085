import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { createFileStore } from '../../../../lib/results/file-store.ts';
import { createStaging } from '../../../../lib/results/staging.ts';
import { StoreUnavailable } from '../../../../lib/results/store.ts';
import { aFolder, aStagedFile } from '../../../support/a-staged-file.ts';
import { aKey, patient } from '../../../support/result-store-promises.ts';

/** A disk of half a megabyte; undefined where this user may not mount one. */
function aSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'dqm-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder]);
  afterAll(() => {
    if (status === 0) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return status === 0 ? folder : undefined;
}

const disk = aSmallDisk();
const meta = { workflowId: 'job/renders/chair-1', runId: 'r-1' };

(disk === undefined ? describe.skip : describe)('on a small disk', () => {
  const full = disk ?? '';
  const elsewhere = aFolder();

  test('that is full the store is unavailable, and no half result is ever found', async () => {
    const store = createFileStore({ root: join(full, 'results') });
    const key = aKey();

    const put = store.put(key, aStagedFile(elsewhere, Buffer.alloc(2_000_000)), patient());

    await expect(put).rejects.toThrow(StoreUnavailable);
    await expect(put).rejects.toThrow(/ENOSPC/);
    expect(await store.find(key, patient())).toBeUndefined();
    expect(readdirSync(join(full, 'results', key))).toEqual([]);
  });

  test('a smaller result still goes there, copied from another file system', async () => {
    const store = createFileStore({ root: join(full, 'results') });
    const published = await store.put(aKey(), aStagedFile(elsewhere, Buffer.alloc(100_000)), patient());
    expect(published.size).toBe(100_000);
  });

  test('that is full staging fails as a fault of the host, and leaves nothing', async () => {
    const staging = createStaging({ folder: join(full, 'staging'), identity: 'gpu' });
    const bytes = Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(100_000)));

    await expect(
      staging.receive('renders/a/0', { mimeType: 'image/png', bytes }, meta, patient()),
    ).rejects.toMatchObject({ name: 'StagingError', message: expect.stringContaining('ENOSPC') as string });
    expect(readdirSync(join(full, 'staging', 'gpu'))).toEqual([]);
    expect(await staging.find('renders/a/0')).toBeUndefined();
  });

  test('once nobody may write there, staging and store say so, and what is there is still found', async () => {
    const store = createFileStore({ root: join(full, 'results') });
    const staging = createStaging({ folder: join(full, 'staging'), identity: 'gpu' });
    const key = aKey();
    const published = await store.put(key, aStagedFile(elsewhere, 'a picture'), patient());
    spawnSync('mount', ['-o', 'remount,ro', full]);

    await expect(store.put(aKey(), aStagedFile(elsewhere), patient())).rejects.toThrow(StoreUnavailable);
    expect(await store.find(key, patient())).toEqual(published);
    const result = { mimeType: 'image/png', bytes: Readable.from([Buffer.from('a picture')]) };
    await expect(staging.receive('renders/b/0', result, meta, patient())).rejects.toThrow(/EROFS/);
  });
});
