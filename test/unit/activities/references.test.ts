import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { openReferences } from '../../../activities/references.ts';
import type { StagedResult } from '../../../lib/contract/job-input.ts';
import { createFileStore } from '../../../lib/results/file-store.ts';
import { resultKey, workflowPrefix } from '../../../lib/results/key.ts';
import { aFolder, aStagedFile } from '../../support/a-staged-file.ts';
import { patient } from '../../support/result-store-promises.ts';

const folder = aFolder();
const store = createFileStore({ root: join(folder, 'store') });
const own = { queue: 'renders', workflowId: 'job/renders/chair-1' };

const put = (workflowId: string, content: string): Promise<StagedResult> =>
  store.put(
    resultKey({
      queue: 'renders',
      workflowId,
      command: 'render',
      parametersText: content,
      occurrence: 0,
      generation: 0,
    }),
    aStagedFile(folder, content),
    patient(),
  );

const opened = async (parameters: unknown): Promise<unknown> =>
  JSON.parse(await openReferences(JSON.stringify(parameters), own, { store, forMs: 60_000 }, patient())) as unknown;

test('a result of the workflow itself becomes a path that holds its bytes, wherever it stands', async () => {
  const frame = await put(own.workflowId, 'a frame');
  const { frames, more } = (await opened({ frames: [frame, 'x'], more: { like: frame } })) as {
    frames: [string, string];
    more: { like: string };
  };
  expect(readFileSync(frames[0], 'utf8')).toBe('a frame');
  expect(frames[1]).toBe('x');
  expect(more.like).toBe(frames[0]);
});

test('parameters without such a result keep their text', async () => {
  const text = '{ "b": 1.0, "a": [1e3] }';
  expect(await openReferences(text, own, { store, forMs: 60_000 }, patient())).toBe(text);
});

describe('a forged reference travels as data:', () => {
  let frame: StagedResult;
  let other: StagedResult;
  beforeAll(async () => {
    frame = await put(own.workflowId, 'a frame');
    other = await put('job/renders/chair-2', 'another’s frame');
    writeFileSync(join(folder, 'secret'), 'secret');
  });

  test.each<[what: string, forge: () => unknown]>([
    ['a result of another workflow', () => other],
    ['another sha256', () => ({ ...frame, sha256: '0'.repeat(64) })],
    [
      'another sha256 in the address too',
      () => ({ ...frame, uri: frame.uri.replace(frame.sha256, '0'.repeat(64)), sha256: '0'.repeat(64) }),
    ],
    ['another size', () => ({ ...frame, size: frame.size + 1 })],
    ['another type', () => ({ ...frame, mimeType: 'text/html' })],
    ['a file outside of the store', () => ({ ...frame, uri: pathToFileURL(join(folder, 'secret')).href })],
    ['a way out of the prefix', () => ({ ...frame, uri: frame.uri.replace(/\/([^/]+)$/, '/../../chair-2/$1') })],
    ['an encoded way out', () => ({ ...frame, uri: frame.uri.replace('/store/', '/store/%2e%2e/') })],
    ['an object in a bucket', () => ({ ...frame, uri: `s3://results/x/${frame.sha256}` })],
    ['a web address', () => ({ ...frame, uri: 'http://169.254.169.254/latest/meta-data' })],
    ['a field more', () => ({ ...frame, note: 'x' })],
    ['a field less', () => ({ uri: frame.uri, sha256: frame.sha256, size: frame.size })],
    ['a size that is a text', () => ({ ...frame, size: String(frame.size) })],
    ['the address alone', () => frame.uri],
    ['what was never published', () => ({ ...frame, uri: frame.uri.replace(/\/0-[0-9a-f]{8}/, '/0-00000000') })],
  ])('%s', async (_what, forge) => {
    expect(await opened({ scene: forge() })).toEqual({ scene: forge() });
  });

  test('a message’s body and a chain’s journal, though they lie under the prefix', async () => {
    const key = `${workflowPrefix(own.queue, own.workflowId)}/body-${'a'.repeat(64)}`;
    const body = await store.put(key, aStagedFile(folder, '{"secret":1}'), patient());
    expect(await opened({ scene: body })).toEqual({ scene: body });
  });
});
