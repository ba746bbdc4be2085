import { DqmError } from '../../../../lib/contract/search-attributes.ts';
import { jobView } from '../../../../lib/jobs/view.ts';
import { aJobInput, aStagedResult } from '../../../support/a-job-input.ts';

import { anUpload, aPendingActivity, aRenderedCommand, secondsLater, theFacts } from './a-job.ts';

const viewOf = (facts: Parameters<typeof theFacts>[0]) =>
  jobView(theFacts(facts), { uiUrl: null, namespace: 'default' });

test('a job between command and tasks has its result', () => {
  const view = viewOf({ info: { state: 'delivering' }, history: { activities: [aRenderedCommand()] } });
  expect(view).toMatchObject({
    state: 'delivering',
    host: 'gpu-07',
    attempt: 1,
    started: secondsLater(2).toISOString(),
    gpu_seconds: 11.5,
    result: { uri: aStagedResult().uri, sha256: aStagedResult().sha256, size: 48_213, mime_type: 'image/png' },
  });
});

test('a retried job has the result it went on from, and what was delivered before', () => {
  const resume = { result: aStagedResult(), host: 'gpu-03', gpuSeconds: 7, task: 1 };
  const view = viewOf({ info: { state: 'delivering' }, history: { input: aJobInput({ resume }) } });
  expect(view).toMatchObject({ host: 'gpu-03', attempt: null, gpu_seconds: 7, result: { uri: aStagedResult().uri } });
  expect(view.tasks.map(({ state }) => state)).toEqual(['completed', 'waiting']);
});

test('a chain lists what its commands have staged, those of earlier runs first; a single job has its result alone', () => {
  const failed = aRenderedCommand({
    step: 'frame {"angle":2}',
    ending: { outcome: 'failed', at: secondsLater(14), failure: { type: 'CommandFailed', message: 'no such scene' } },
  });
  const earlierCommands = [aRenderedCommand({ step: 'frame {"angle":1}' })];
  const activities = [failed, aRenderedCommand({ step: 'frame {"angle":3}' })];
  const info = { status: 'FAILED', state: 'failed' } as const;
  expect(viewOf({ info, earlierCommands, history: { isChain: true, activities } }).partial_results).toMatchObject([
    { step: 0, summary: 'frame {"angle":1}', uri: aStagedResult().uri, size: 48_213, mime_type: 'image/png' },
    { step: 2, summary: 'frame {"angle":3}' },
  ]);
  expect(viewOf({ history: { activities: [aRenderedCommand()] } }).partial_results).toEqual([]);
});

test('a task on its way is running, one before its next attempt waits with its last error', () => {
  const upload = anUpload();
  delete upload.started;
  delete upload.ending;
  const activities = [aRenderedCommand(), upload];
  const failure = { type: 'TaskUnavailable', message: '503' };
  const running = aPendingActivity({ activityId: '2', name: 's3_upload', isRunning: true, attempts: 2, failure });
  const resting = aPendingActivity({ activityId: '2', name: 's3_upload', attempts: 1, failure });
  const taskWith = (pending: typeof running) =>
    viewOf({ info: { state: 'delivering' }, history: { activities }, pending: [pending] }).tasks[0];
  expect(taskWith(running)).toEqual({
    name: 's3_upload',
    state: 'running',
    attempts: 2,
    error: failure,
    destination: null,
  });
  expect(taskWith(resting)).toMatchObject({ state: 'waiting', attempts: 1, error: failure });
});

test('a task that was cut off by the end of its job is cancelled, a later one skipped', () => {
  const upload = anUpload();
  delete upload.ending;
  const view = viewOf({
    info: { status: 'TERMINATED', state: 'delivering' },
    history: { activities: [aRenderedCommand(), upload] },
  });
  expect(view.tasks.map(({ state }) => state)).toEqual(['cancelled', 'skipped']);
});

test('a job that has failed but not ended says what its activity said', () => {
  const failed = aRenderedCommand({
    ending: { outcome: 'failed', at: secondsLater(3), failure: { type: 'CommandFailed', message: 'no such scene' } },
  });
  const info = { state: 'failed', attributes: [{ key: DqmError, value: 'CommandFailed' }] } as const;
  const view = viewOf({ info: { ...info, attributes: [...info.attributes] }, history: { activities: [failed] } });
  expect(view).toMatchObject({ error: { type: 'CommandFailed', message: 'no such scene' }, result: null, ended: null });
});
