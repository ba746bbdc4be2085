import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';

import { resultKey } from '../../lib/results/key.ts';
import { NoSuchResult, type ResultStore } from '../../lib/results/store.ts';

import { aFolder, aStagedFile } from './a-staged-file.ts';

export interface StoreUnderTest {
  store: ResultStore;
  /** Takes a published result's bytes away, and leaves its reference. */
  loseBytes(uri: string): Promise<void>;
  /** Puts other bytes of the same length in their place. */
  damageBytes(uri: string): Promise<void>;
}

/** Never aborted. */
export const patient = (): AbortSignal => new AbortController().signal;

export const aKey = (): string =>
  resultKey({
    queue: 'renders',
    workflowId: `job/renders/${randomUUID()}`,
    command: 'render_product',
    parametersText: '{}',
    occurrence: 0,
    generation: 0,
  });

/** What the port promises, whatever holds the bytes. */
export function itKeepsThePromisesOfAResultStore(open: () => Promise<StoreUnderTest>): void {
  const folder = aFolder();
  let tested: StoreUnderTest;
  let store: ResultStore;
  beforeAll(async () => {
    tested = await open();
    store = tested.store;
  });

  const read = async (...[result, signal]: Parameters<ResultStore['open']>) => buffer(await store.open(result, signal));

  test('a result that was put is found, with its bytes and its type', async () => {
    const key = aKey();
    const file = aStagedFile(folder, 'a picture', 'image/x-exr');

    const published = await store.put(key, file, patient());

    expect(published).toMatchObject({ sha256: file.sha256, size: 9, mimeType: 'image/x-exr' });
    expect(await store.find(key, patient())).toEqual(published);
    expect((await read(published, patient())).toString()).toBe('a picture');
    expect(store.keyOf(published)).toBe(key);
  });

  test('what RealityServer is given to open a result by gives its bytes', async () => {
    const published = await store.put(aKey(), aStagedFile(folder, 'for the next command'), patient());
    const address = await store.addressOf(published, 60_000);
    const bytes = address.startsWith('http') ? await (await fetch(address)).text() : readFileSync(address, 'utf8');
    expect(bytes).toBe('for the next command');
  });

  test('nothing is found under a key that was never put', async () => {
    expect(await store.find(aKey(), patient())).toBeUndefined();
  });

  test('the first one published wins, and both of its callers get the same reference', async () => {
    const key = aKey();
    const first = await store.put(key, aStagedFile(folder, 'first'), patient());

    const second = await store.put(key, aStagedFile(folder, 'second'), patient());

    expect(second).toEqual(first);
    expect((await read(second, patient())).toString()).toBe('first');
  });

  test('of several at once one wins, and all of them get it', async () => {
    const key = aKey();
    const files = ['a', 'b', 'c', 'd'].map((content) => aStagedFile(folder, content.repeat(5_000)));

    const published = await Promise.all(files.map((file) => store.put(key, file, patient())));

    expect(new Set(published.map(({ uri }) => uri)).size).toBe(1);
    expect((await read(published[0]!, patient())).length).toBe(5_000);
  });

  test('the staged file is left to whoever made it', async () => {
    const file = aStagedFile(folder, 'mine');
    const key = aKey();
    await store.put(key, file, patient());
    rmSync(file.path);

    expect((await read((await store.find(key, patient()))!, patient())).toString()).toBe('mine');
  });

  test('an empty result is one', async () => {
    const published = await store.put(aKey(), aStagedFile(folder, ''), patient());
    expect(await read(published, patient())).toHaveLength(0);
  });

  test('a result whose bytes are gone is not found, and can be put anew', async () => {
    const key = aKey();
    const lost = await store.put(key, aStagedFile(folder, 'first'), patient());
    await tested.loseBytes(lost.uri);

    expect(await store.find(key, patient())).toBeUndefined();
    await expect(read(lost, patient())).rejects.toThrow(NoSuchResult);

    const again = await store.put(key, aStagedFile(folder, 'another'), patient());
    expect(await store.find(key, patient())).toEqual(again);
    expect((await read(again, patient())).toString()).toBe('another');
  });

  test('damaged bytes end in an error, not in an end', async () => {
    const published = await store.put(aKey(), aStagedFile(folder), patient());
    await tested.damageBytes(published.uri);

    await expect(read(published, patient())).rejects.toThrow(NoSuchResult);
  });

  test('a put whose staged file is gone publishes nothing', async () => {
    const key = aKey();
    const file = aStagedFile(folder);
    rmSync(file.path);

    await expect(store.put(key, file, patient())).rejects.toThrow(/is gone/);
    expect(await store.find(key, patient())).toBeUndefined();
  });

  test('an aborted put publishes nothing', async () => {
    const key = aKey();
    await expect(store.put(key, aStagedFile(folder), AbortSignal.abort())).rejects.toThrow(/abort/);
    expect(await store.find(key, patient())).toBeUndefined();
  });

  test('an abort ends the stream of bytes', async () => {
    const published = await store.put(aKey(), aStagedFile(folder, Buffer.alloc(1_000_000)), patient());
    const aborted = new AbortController();
    const bytes = await store.open(published, aborted.signal);
    aborted.abort();
    await expect(buffer(bytes)).rejects.toThrow(/abort/);
  });

  test.each([
    ['another store', (uri: string) => uri.replace(/^\w+:\/\/\/?/, 's3://elsewhere/')],
    ['a folder above', (uri: string) => uri.replace('/renders/', '/renders/../../renders/')],
    ['an encoded folder above', (uri: string) => uri.replace('/renders/', '/renders/%2e%2e/renders/')],
    ['a doubled slash', (uri: string) => uri.replace('/renders/', '//renders/')],
    ['other bytes of the same key', (uri: string) => uri.replace(/.{64}$/, 'f'.repeat(64))],
    ['a query', (uri: string) => `${uri}?x`],
    ['no address', () => 'chair.png'],
  ])('a reference to %s is refused', async (_what, changed) => {
    const published = await store.put(aKey(), aStagedFile(folder), patient());
    const forged = { ...published, uri: changed(published.uri) };

    expect(() => store.keyOf(forged)).toThrow(NoSuchResult);
    await expect(store.open(forged, patient())).rejects.toThrow(NoSuchResult);
  });

  test.each(['', '/etc', '../above', 'a/../b', 'a//b', 'a b', '.'])('the key %j never becomes a path', async (key) => {
    await expect((async () => store.find(key, patient()))()).rejects.toThrow(RangeError);
  });
}
