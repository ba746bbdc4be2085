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
  aMarker('left').set(mark);
  expect(await aMarker('left').left()).toEqual(mark);
  expect(await createRunMarker({ folder: join(folder, 'left'), identity: 'gpu@gpu-01/2' }).left()).toBeUndefined();
});

test('a command that is over leaves nothing', async () => {
  const marker = aMarker('over');
  marker.set(mark);
  marker.clear();
  expect(await aMarker('over').left()).toBeUndefined();
});

test('where there is none, clearing does nothing', async () => {
  aMarker('none').clear();
  expect(await aMarker('none').left()).toBeUndefined();
});

test('half a mark says that something ran', async () => {
  mkdirSync(join(folder, 'half'));
  writeFileSync(join(folder, 'half', `${encodeURIComponent(identity)}.json`), '{"workf');
  expect(await aMarker('half').left()).toEqual({ workflowId: '', runId: '', command: '' });
});

test('a disk that takes no mark is a fault of the host', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => aMarker('file').set(mark)).toThrow(StagingError);
});
