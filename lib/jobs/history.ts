import type { WorkflowHandle } from '@temporalio/client';
import { requiredTsToDate } from '@temporalio/common/lib/time.js';

import { hostOf } from '../contract/names.ts';

import type { Decoder } from './decode.ts';
import type { FailureView } from './job-view.ts';
import { COMMAND_ACTIVITY, fallbackType } from './pending.ts';

export type RawHistory = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type RawEvent = NonNullable<RawHistory['events']>[number];

/** An activity as the history tells it: its last attempt is written down when it has ended. */
export interface ActivityRun {
  activityId: string;
  name: string;
  /** Index of the completion task; undefined for a command. */
  task?: number;
  /** Of a chain's command what people know it by: `render_frame {"angle":90}`. */
  step?: string;
  scheduledAt: Date;
  started?: { at: Date; attempt: number; host?: string; failureBefore?: FailureView };
  ending?: ActivityEnding;
}

export type ActivityEnding =
  | { outcome: 'completed'; at: Date; result: unknown }
  | { outcome: 'failed'; at: Date; failure: FailureView }
  | { outcome: 'cancelled'; at: Date };

export interface JobHistory {
  /** What the workflow was started with. */
  input: unknown;
  /** A chain runs it, not the command of its name alone. */
  isChain: boolean;
  activities: ActivityRun[];
  cancelRequestedAt?: Date;
  /** Why the workflow failed, or was ended from outside. */
  failure?: FailureView;
  /** What its failure holds beside that: of a failed task, what a retry goes on from. */
  failureDetails?: unknown;
}

export async function readHistory({ events }: RawHistory, decoder: Decoder): Promise<JobHistory> {
  const history: JobHistory = { input: undefined, isChain: false, activities: [] };
  const runs = new Map<string, ActivityRun>();
  for (const event of events ?? []) {
    const begun = await scheduledRun(event, decoder, history);
    if (begun) {
      runs.set(String(event.eventId), begun);
      history.activities.push(begun);
      continue;
    }
    const run = runs.get(String(scheduledEventOf(event)));
    if (run) await addAttempt(run, event, decoder);
    else await addWorkflowEvent(history, event, decoder);
  }
  return history;
}

const timeOf = (event: RawEvent): Date => requiredTsToDate(event.eventTime, 'eventTime');

async function scheduledRun(
  event: RawEvent,
  decoder: Decoder,
  { isChain }: JobHistory,
): Promise<ActivityRun | undefined> {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (!scheduled) return undefined;
  const name = scheduled.activityType?.name ?? '';
  // The argument of a command holds the message's whole body: it is of no use here.
  const task = name === COMMAND_ACTIVITY ? undefined : indexOf(await decoder.value(scheduled.input));
  const summary = isChain && name === COMMAND_ACTIVITY ? event.userMetadata?.summary : undefined;
  const step = summary && (await decoder.value({ payloads: [summary] }));
  return {
    activityId: scheduled.activityId ?? '',
    name,
    ...(task !== undefined && { task }),
    ...(typeof step === 'string' && { step }),
    scheduledAt: timeOf(event),
  };
}

function indexOf(argument: unknown): number | undefined {
  const index = (argument as { index?: unknown } | null | undefined)?.index;
  return typeof index === 'number' ? index : undefined;
}

const scheduledEventOf = (event: RawEvent) =>
  (
    event.activityTaskStartedEventAttributes ??
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes
  )?.scheduledEventId;

async function addAttempt(run: ActivityRun, event: RawEvent, decoder: Decoder): Promise<void> {
  const at = timeOf(event);
  const started = event.activityTaskStartedEventAttributes;
  const completed = event.activityTaskCompletedEventAttributes;
  const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
  if (started) {
    const host = hostOf(started.identity);
    const failureBefore = await decoder.failure(started.lastFailure, fallbackType(run.name));
    run.started = {
      at,
      attempt: started.attempt ?? 1,
      ...(host !== undefined && { host }),
      ...(failureBefore && { failureBefore }),
    };
  } else if (completed) {
    run.ending = { outcome: 'completed', at, result: await decoder.value(completed.result) };
  } else if (failed) {
    const type = fallbackType(run.name);
    const failure = (await decoder.failure(failed.failure, type)) ?? { type, message: 'no reason given' };
    run.ending = { outcome: 'failed', at, failure };
  } else {
    run.ending = { outcome: 'cancelled', at };
  }
}

async function addWorkflowEvent(history: JobHistory, event: RawEvent, decoder: Decoder): Promise<void> {
  const started = event.workflowExecutionStartedEventAttributes;
  const failed = event.workflowExecutionFailedEventAttributes;
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (started) history.input = await decoder.value(started.input);
  // The job workflow leaves a mark when it finds a chain, and at nothing else.
  if (event.markerRecordedEventAttributes) history.isChain = true;
  if (event.workflowExecutionCancelRequestedEventAttributes) history.cancelRequestedAt = timeOf(event);
  const failure = failed && (await decoder.failure(failed.failure, 'unknown'));
  if (failure) history.failure = failure;
  const details = failed?.failure?.applicationFailureInfo?.details;
  if (details) history.failureDetails = await decoder.value(details);
  if (terminated) history.failure = { type: 'Terminated', message: terminated.reason || 'ended by hand' };
  if (event.workflowExecutionTimedOutEventAttributes) {
    history.failure = { type: 'TimedOut', message: 'the workflow did not end within the time allowed' };
  }
}
