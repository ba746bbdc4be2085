import type { WorkflowExecutionStatusName } from '@temporalio/client';

import { DqmError, DqmGpuSeconds, DqmHost } from '../../../../lib/contract/search-attributes.ts';
import type { JobState } from '../../../../lib/contract/states.ts';
import { jobRow } from '../../../../lib/jobs/row.ts';

import { anInfo, aPendingActivity, secondsLater, type InfoChanges } from './a-job.ts';

const rowOf = (changes: InfoChanges, running?: Parameters<typeof jobRow>[2]) =>
  jobRow(anInfo(changes), { uiUrl: null, namespace: 'default' }, running);

test.each<[WorkflowExecutionStatusName, JobState, JobState]>([
  ['RUNNING', 'waiting', 'waiting'],
  ['RUNNING', 'approval', 'approval'],
  ['RUNNING', 'delivering', 'delivering'],
  ['RUNNING', 'failed', 'failed'],
  ['RUNNING', 'rejected', 'rejected'],
  ['COMPLETED', 'completed', 'completed'],
  ['COMPLETED', 'rejected', 'rejected'],
  ['FAILED', 'failed', 'failed'],
  ['CANCELLED', 'waiting', 'cancelled'],
  ['TERMINATED', 'waiting', 'failed'],
  ['TERMINATED', 'delivering', 'failed'],
  ['TIMED_OUT', 'waiting', 'failed'],
])('a workflow that is %s and says %s is %s', (status, state, expected) => {
  expect(rowOf({ status, state }).state).toBe(expected);
});

test('a job that says waiting while its command is on a host is running there', () => {
  const running = aPendingActivity({ isRunning: true, attempts: 1, startedAt: secondsLater(2), host: 'gpu-07' });
  expect(rowOf({}, running)).toMatchObject({ state: 'running', host: 'gpu-07', started: '2026-03-01T12:00:02.000Z' });
});

test('a chain that waits for a person does not run, although a command of it does', () => {
  const running = aPendingActivity({ isRunning: true, startedAt: secondsLater(2) });
  expect(rowOf({ state: 'approval' }, running).state).toBe('approval');
});

test('host, seconds and error come from the search attributes', () => {
  const attributes = [
    { key: DqmHost, value: 'gpu-03' },
    { key: DqmGpuSeconds, value: 11.5 },
    { key: DqmError, value: 'TaskRejected' },
  ];
  const closeTime = secondsLater(20);
  expect(rowOf({ status: 'FAILED', state: 'failed', attributes, closeTime })).toMatchObject({
    host: 'gpu-03',
    gpu_seconds: 11.5,
    error: { type: 'TaskRejected' },
    ended: closeTime.toISOString(),
  });
});

test('a job that runs again after a failure has no error until it fails again', () => {
  expect(rowOf({ attributes: [{ key: DqmError, value: 'HostFault' }] }).error).toBeNull();
});

test('without a memo the workflow id tells the job id', () => {
  const { memo: _, ...info } = anInfo();
  const row = jobRow(info, { uiUrl: null, namespace: 'default' });
  expect(row).toMatchObject({ job_id: 'chair-1', message_id: null, tenant: null, priority: null });
});

test.each([
  [1, 'highest'],
  [3, 'normal'],
  [5, 'lowest'],
] as const)('priority %i is %s', (priority, name) => {
  expect(rowOf({ memo: { priority } }).priority).toBe(name);
});
