import { TypedSearchAttributes, type SearchAttributePair } from '@temporalio/common';
import type { WorkflowExecutionStatusName } from '@temporalio/client';

import { DqmQueue, DqmState } from '../../../../lib/contract/search-attributes.ts';
import type { JobState } from '../../../../lib/contract/states.ts';
import type { JobFacts } from '../../../../lib/jobs/facts.ts';
import type { ActivityRun } from '../../../../lib/jobs/history.ts';
import type { PendingActivity } from '../../../../lib/jobs/pending.ts';
import type { ExecutionInfo } from '../../../../lib/jobs/row.ts';
import { aJobInput, aStagedResult } from '../../../support/a-job-input.ts';

export const RECEIVED = new Date('2026-03-01T12:00:00.000Z');
export const secondsLater = (seconds: number): Date => new Date(RECEIVED.getTime() + seconds * 1_000);

export interface InfoChanges extends Partial<Omit<ExecutionInfo, 'status' | 'typedSearchAttributes'>> {
  status?: WorkflowExecutionStatusName;
  state?: JobState;
  attributes?: SearchAttributePair[];
}

/** What the engine says of an open job of the queue `renders` that waits. */
export function anInfo({ status = 'RUNNING', state = 'waiting', attributes = [], ...changes }: InfoChanges = {}) {
  return {
    type: 'render_product',
    workflowId: 'job/renders/chair-1',
    runId: '0197-run',
    status: { name: status },
    startTime: RECEIVED,
    memo: {
      message_id: 'm-1',
      delivery_id: 'm-1',
      content_hash: 'abc',
      job_id: 'chair-1',
      tenant: null,
      priority: null,
    },
    typedSearchAttributes: new TypedSearchAttributes([
      { key: DqmQueue, value: 'renders' },
      { key: DqmState, value: state },
      ...attributes,
    ]),
    ...changes,
  } satisfies ExecutionInfo;
}

/** A job that waits; its parts as a test says. */
export function theFacts({
  info = {},
  history = {},
  earlierCommands = [],
  pending = [],
}: {
  info?: InfoChanges;
  history?: Partial<JobFacts['history']>;
  earlierCommands?: ActivityRun[];
  pending?: PendingActivity[];
} = {}): JobFacts {
  const whole = { input: aJobInput(), isChain: false, activities: [], ...history };
  return { info: anInfo(info), history: whole, earlierCommands, pending };
}

/** A command that took 12 s on gpu-07. */
export const aRenderedCommand = (changes: Partial<ActivityRun> = {}): ActivityRun => ({
  activityId: '1',
  name: 'runCommand',
  scheduledAt: secondsLater(1),
  started: { at: secondsLater(2), attempt: 1, host: 'gpu-07' },
  ending: {
    outcome: 'completed',
    at: secondsLater(14),
    result: { result: aStagedResult(), host: 'gpu-07', gpuSeconds: 11.5 },
  },
  ...changes,
});

export const anUpload = (changes: Partial<ActivityRun> = {}): ActivityRun => ({
  activityId: '2',
  name: 's3_upload',
  task: 0,
  scheduledAt: secondsLater(14),
  started: { at: secondsLater(15), attempt: 1 },
  ending: { outcome: 'completed', at: secondsLater(16), result: { destination: 's3://results/m-1.png' } },
  ...changes,
});

export const aPendingActivity = (changes: Partial<PendingActivity> = {}): PendingActivity => ({
  activityId: '1',
  name: 'runCommand',
  isRunning: false,
  attempts: 0,
  ...changes,
});
