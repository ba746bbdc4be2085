import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import type { ArrivedResult } from '../../../../lib/results/arrival.ts';
import { createStaging } from '../../../../lib/results/staging.ts';
import { aFolder } from '../../../support/a-staged-file.ts';
import { patient } from '../../../support/result-store-promises.ts';

const meta = { workflowId: 'job/renders/chair-1', runId: 'r-1' };
const identity = 'gpu@gpu-07/1';
const folder = aFolder();
let run = 0;

/** A staging folder of the test's own, and what stands in it. */
function aStaging() {
  const own = join(folder, String((run += 1)));
  return {
    staging: createStaging({ folder: own, identity }),
    /** As another process on the same host would see it. */
    restarted: () => createStaging({ folder: own, identity }),
    other: () => createStaging({ folder: own, identity: 'gpu@gpu-07/2' }),
    names: () => readdirSync(join(own, encodeURIComponent(identity))),
    path: (name: string) => join(own, encodeURIComponent(identity), name),
  };
}

const aResult = (content: string | Buffer = 'a picture', mimeType = 'image/png') => ({
  mimeType,
  bytes: Readable.from([Buffer.from(content)]),
});

/** Gives some bytes, and then what the test says. */
function aBrokenResult(end: (bytes: Readable) => void) {
  const bytes = new Readable({ read() {} });
  bytes.push('half a pic');
  bytes.once('newListener', () => setImmediate(end, bytes));
  return { mimeType: 'image/png', bytes };
}

test('a received result is on the disk, hashed and counted', async () => {
  const { staging } = aStaging();
  const content = randomBytes(300_000);
  const file = await staging.receive('renders/a/0', aResult(content), meta, patient());

  expect(readFileSync(file.path).equals(content)).toBe(true);
  expect(file).toMatchObject({ size: 300_000, mimeType: 'image/png' });
  expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['its beginning', 0, 256],
  ['its end', 299_000, 1_024],
  ['what lies between', 150_000, 70_000],
  ['more than there is', 299_990, 4_096],
  ['all of it', 0, 300_000],
  ['nothing behind it', 300_000, 10],
])('whoever checks what has arrived can read %s', async (_what, position, length) => {
  const { staging } = aStaging();
  const content = randomBytes(300_000);
  const chunks = [content.subarray(0, 100), content.subarray(100, 250_000), content.subarray(250_000)];
  const check = jest.fn(async ({ size, read }: ArrivedResult) => {
    expect(size).toBe(300_000);
    expect((await read(position, length)).equals(content.subarray(position, position + length))).toBe(true);
  });
  await staging.receive('renders/a/0', { mimeType: 'image/png', bytes: Readable.from(chunks), check }, meta, patient());
  expect(check).toHaveBeenCalledTimes(1);
});

test('what was received is found, also by the next process, with the workflow it belongs to', async () => {
  const { staging, restarted, other } = aStaging();
  const file = await staging.receive('renders/a/0', aResult(), meta, patient());

  expect(await staging.find('renders/a/0')).toEqual(file);
  expect(await restarted().complete()).toEqual([{ key: 'renders/a/0', file, meta }]);
  expect(await staging.find('renders/b/0')).toBeUndefined();
  expect(await other().complete()).toEqual([]);
});

test('a later result of the same key replaces the earlier one', async () => {
  const { staging } = aStaging();
  await staging.receive('renders/a/0', aResult('first'), meta, patient());
  const later = await staging.receive('renders/a/0', aResult('later'), meta, patient());
  expect(await staging.find('renders/a/0')).toEqual(later);
});

test('a connection that breaks half-way leaves nothing, and fails with its own error', async () => {
  const { staging, names } = aStaging();
  const broken = aBrokenResult((bytes) => bytes.destroy(new Error('connection reset')));

  await expect(staging.receive('renders/a/0', broken, meta, patient())).rejects.toThrow('connection reset');
  expect(names()).toEqual([]);
});

test('an abort half-way leaves nothing, and closes the connection', async () => {
  const { staging, names } = aStaging();
  const aborted = new AbortController();
  const result = aBrokenResult(() => aborted.abort(new Error('cancelled')));

  await expect(staging.receive('renders/a/0', result, meta, aborted.signal)).rejects.toThrow('cancelled');
  expect(names()).toEqual([]);
  expect(result.bytes.destroyed).toBe(true);
});

test('a folder that cannot be made is a fault of the host', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const staging = createStaging({ folder: file, identity });
  await expect(staging.receive('renders/a/0', aResult(), meta, patient())).rejects.toMatchObject({
    name: 'StagingError',
  });
});

test.each([
  ['shortened', (path: string) => truncateSync(path, 3)],
  ['zeroed', (path: string) => writeFileSync(path, Buffer.alloc(9))],
  ['gone', (path: string) => unlinkSync(path)],
])('bytes that a power loss left %s are not complete', async (_how, damage) => {
  const { staging, restarted } = aStaging();
  const file = await staging.receive('renders/a/0', aResult('a picture'), meta, patient());
  damage(file.path);

  expect(await restarted().find('renders/a/0')).toBeUndefined();
  expect(await restarted().complete()).toEqual([]);
});

test('a sweep deletes what is incomplete, and keeps what is complete', async () => {
  const { staging, restarted, names, path } = aStaging();
  const kept = await staging.receive('renders/a/0', aResult(), meta, patient());
  const damaged = await staging.receive('renders/b/0', aResult('b'), meta, patient());
  truncateSync(damaged.path);
  writeFileSync(path('0123.1.part'), 'half');
  writeFileSync(path('0123.json'), '{"key":');

  await restarted().sweep();

  expect(names()).toHaveLength(2);
  expect(await restarted().find('renders/a/0')).toEqual(kept);
});

test('a removed result leaves nothing, and removing it twice is none of its mistakes', async () => {
  const { staging, names } = aStaging();
  const file = await staging.receive('renders/a/0', aResult(), meta, patient());
  await staging.remove(file);
  await staging.remove(file);
  expect(names()).toEqual([]);
});

test('a sweep of a host that never rendered is one', async () => {
  const { staging } = aStaging();
  await staging.sweep();
  expect(await staging.complete()).toEqual([]);
});
