import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StagingError } from '../../../lib/results/staging-error.ts';
import { createRunMarker } from '../../../workers/run-marker.ts';
import { aFolder } from '../../support/a-staged-file.ts';

const folder = aFolder();
const identity = 'gpu@gpu-01/1';
const mark = { workflowId: 'job/renders/chair-1', runId: 'r-1', command: 'render_product' };
const aMarker = (name: string) => createRunMarker({ folder: join(folder, name), identity });

test('the next process finds what this one left, and only its own', async () => {
  await aMarker('left').set(mark);
  expect(await aMarker('left').left()).toEqual(mark);
  expect(await createRunMarker({ folder: join(folder, 'left'), identity: 'gpu@gpu-01/2' }).left()).toBeUndefined();
});

test('a command that is over leaves nothing', async () => {
  const marker = aMarker('over');
  await marker.set(mark);
  await marker.clear();
  expect(await aMarker('over').left()).toBeUndefined();
});

test('clearing one does not take the next, however late it comes', async () => {
  const marker = aMarker('turns');
  await marker.set(mark);
  void marker.clear();
  await marker.set({ ...mark, runId: 'r-2' });
  expect(await aMarker('turns').left()).toMatchObject({ runId: 'r-2' });
});

test('half a mark says that something ran', async () => {
  mkdirSync(join(folder, 'half'));
  writeFileSync(join(folder, 'half', `${encodeURIComponent(identity)}.json`), '{"workf');
  expect(await aMarker('half').left()).toEqual({ workflowId: '', runId: '', command: '' });
});

test('a disk that takes no mark is a fault of the host', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(aMarker('file').set(mark)).rejects.toThrow(StagingError);
});
