import type { WorkflowExecutionDescription } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';

import { hostOf } from '../contract/names.ts';

import type { Decoder, RawPendingActivity } from './decode.ts';
import type { FailureView } from './job-view.ts';

/** The type under which every command runs; most other activities are named after their task. */
export const COMMAND_ACTIVITY = 'runCommand';
/** What the bridge of its queue does for a failed job. */
export const DEAD_LETTER_ACTIVITY = 'storeDeadLetter';

/** An activity that has not ended: on its way, waiting for somebody who takes it, or waiting for its next attempt. */
export interface PendingActivity {
  activityId: string;
  name: string;
  isRunning: boolean;
  /** Begun ones, the one on its way included. */
  attempts: number;
  /** Of the attempt on its way; so are host and progress. */
  startedAt?: Date;
  host?: string;
  progress?: number;
  /** When the next attempt may begin, if that was not yet. */
  nextAttemptAt?: Date;
  /** Why the attempt before failed, and on which host. */
  failure?: FailureView;
  failedOn?: string;
}

/** Temporal's numbers for scheduled and paused. A cancel or a pause that was asked for finds the attempt still at work. */
const NOBODY_WORKS = new Set([1, 4]);

export const pendingActivities = (
  { raw }: Pick<WorkflowExecutionDescription, 'raw'>,
  decoder: Decoder,
): Promise<PendingActivity[]> =>
  Promise.all((raw.pendingActivities ?? []).map((activity) => pendingActivity(activity, decoder)));

/** The command that is on a GPU now; in a chain the one that began first. */
export const runningCommand = (pending: readonly PendingActivity[]): PendingActivity | undefined =>
  pending
    .filter(({ name, isRunning }) => name === COMMAND_ACTIVITY && isRunning)
    .sort((one, other) => (one.startedAt?.getTime() ?? 0) - (other.startedAt?.getTime() ?? 0))[0];

async function pendingActivity(raw: RawPendingActivity, decoder: Decoder): Promise<PendingActivity> {
  const name = raw.activityType?.name ?? '';
  const startedAt = optionalTsToDate(raw.lastStartedTime);
  const isRunning = startedAt !== undefined && !NOBODY_WORKS.has(Number(raw.state));
  const attempt = raw.attempt ?? 1;
  const host = hostOf(raw.lastWorkerIdentity);
  const failure = await decoder.failure(raw.lastFailure, fallbackType(name));
  const common = {
    activityId: raw.activityId ?? '',
    name,
    isRunning,
    // The engine counts the next one as soon as it is planned.
    attempts: isRunning ? attempt : attempt - 1,
    ...(failure && { failure }),
  };
  if (isRunning) {
    const progress = progressOf(await decoder.value(raw.heartbeatDetails));
    return { ...common, startedAt, ...(host && { host }), ...(progress !== undefined && { progress }) };
  }
  const nextAttemptAt = optionalTsToDate(raw.nextAttemptScheduleTime);
  return { ...common, ...(nextAttemptAt && { nextAttemptAt }), ...(failure && host && { failedOn: host }) };
}

/** What an activity that timed out counts as: nobody told a type. */
export const fallbackType = (activity: string): string =>
  activity === COMMAND_ACTIVITY ? 'HostFault' : 'TaskUnavailable';

function progressOf(details: unknown): number | undefined {
  const progress = (details as { progress?: unknown } | null | undefined)?.progress;
  return typeof progress === 'number' ? progress : undefined;
}
