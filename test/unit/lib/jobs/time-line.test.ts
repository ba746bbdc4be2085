import { DqmError } from '../../../../lib/contract/search-attributes.ts';
import type { ActivityRun } from '../../../../lib/jobs/history.ts';
import { timeLine } from '../../../../lib/jobs/time-line.ts';
import { jobView } from '../../../../lib/jobs/view.ts';

import { anUpload, aPendingActivity, aRenderedCommand, secondsLater, theFacts } from './a-job.ts';

const textsOf = (facts: Parameters<typeof theFacts>[0]) => timeLine(theFacts(facts)).map(({ text }) => text);

test('a command on its way began on its host', () => {
  const { started: _started, ending: _ending, ...scheduled } = aRenderedCommand();
  const pending = [aPendingActivity({ isRunning: true, attempts: 2, startedAt: secondsLater(2), host: 'gpu-03' })];
  expect(textsOf({ history: { activities: [scheduled] }, pending })).toEqual([
    'received',
    'waiting for a render host',
    'started on gpu-03, attempt 2',
  ]);
});

test('a failed task says which attempt it was and why, and the end says why the job failed', () => {
  const failure = { type: 'TaskRejected', message: 'no such bucket' };
  const upload = anUpload({
    started: { at: secondsLater(15), attempt: 4 },
    ending: { outcome: 'failed', at: secondsLater(16), failure },
  });
  const info = { status: 'FAILED', state: 'failed', closeTime: secondsLater(17) } as const;
  expect(textsOf({ info, history: { activities: [aRenderedCommand(), upload], failure } }).slice(-2)).toEqual([
    's3_upload failed, attempt 4: TaskRejected: no such bucket',
    'failed: TaskRejected: no such bucket',
  ]);
});

test('commands of a chain are told apart by what they ask for', () => {
  const { ending: _ending, ...second } = aRenderedCommand({ activityId: '2', step: 'frame {"angle":90}' });
  const activities = [aRenderedCommand({ step: 'frame {"angle":0}' }), second];
  const texts = textsOf({ history: { isChain: true, activities } });
  expect(texts.filter((text) => text.startsWith('frame {"angle":0}: '))).toEqual([
    'frame {"angle":0}: waiting for a render host',
    'frame {"angle":0}: started on gpu-07, attempt 1',
    'frame {"angle":0}: staged: image/png, 48213 bytes',
  ]);
  expect(texts).toContain('frame {"angle":90}: started on gpu-07, attempt 1');
});

test('what a chain has done beside commands and tasks is done, and delivered nowhere', () => {
  const { task: _task, ...told } = anUpload({ name: 'askForApproval' });
  expect(textsOf({ history: { isChain: true, activities: [told] } })).toContain('askForApproval done');
});

test('entries stand in the order of their times', () => {
  const entries = timeLine(
    theFacts({ history: { activities: [aRenderedCommand()], cancelRequestedAt: secondsLater(5) } }),
  );
  expect(entries.map(({ at }) => at)).toEqual([0, 1, 2, 5, 14].map(secondsLater));
});

test('an attempt that was not the first says how the one before failed', () => {
  const failureBefore = { type: 'HostFault', message: 'no licence' };
  const command = aRenderedCommand({ started: { at: secondsLater(2), attempt: 3, host: 'gpu-07', failureBefore } });
  expect(textsOf({ history: { activities: [command] } })).toContain(
    'started on gpu-07, attempt 3; the one before failed: HostFault: no licence',
  );
});

test.each([
  [{ outcome: 'stored', place: 'renders-dead' }, 'dead letter in renders-dead'],
  [{ outcome: 'none', reason: 'no such queue' }, 'no dead letter: no such queue'],
])('what became of the message of a failed job: %o', (result, text) => {
  const stored: ActivityRun = {
    activityId: '3',
    name: 'storeDeadLetter',
    scheduledAt: secondsLater(16),
    ending: { outcome: 'completed', at: secondsLater(17), result },
  };
  expect(textsOf({ history: { activities: [aRenderedCommand(), stored] } }).at(-1)).toBe(text);
});

test('a dead letter that could not be stored in time is told, and is not why the job failed', () => {
  const failure = { type: 'TaskUnavailable', message: 'gave up after the time allowed' };
  const late: ActivityRun = {
    activityId: '3',
    name: 'storeDeadLetter',
    scheduledAt: secondsLater(17),
    ending: { outcome: 'failed', at: secondsLater(617), failure },
  };
  const reason = { type: 'TaskRejected', message: 'no such bucket' };
  const upload = anUpload({ ending: { outcome: 'failed', at: secondsLater(16), failure: reason } });
  const attributes = [{ key: DqmError, value: 'TaskRejected' }];
  const facts = theFacts({
    info: { state: 'failed', attributes },
    history: { activities: [aRenderedCommand(), upload, late] },
  });
  expect(timeLine(facts).at(-1)?.text).toBe('no dead letter: not stored in time');
  expect(jobView(facts, { uiUrl: null, namespace: 'default' }).error).toEqual(reason);
});
