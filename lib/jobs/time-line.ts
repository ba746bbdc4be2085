import type { DeadLetterOutcome } from '../contract/dead-letter.ts';

import { destinationOf, renderedBy, type JobFacts } from './facts.ts';
import type { ActivityRun } from './history.ts';
import type { FailureView } from './job-view.ts';
import { COMMAND_ACTIVITY, DEAD_LETTER_ACTIVITY, type PendingActivity } from './pending.ts';
import { recordedState } from './state.ts';

export interface TimeLineEntry {
  at: Date;
  text: string;
}

/** What happened to a job, in order. Of an activity's attempts the engine keeps the time of the last one. */
export function timeLine({ info, history, pending }: JobFacts): TimeLineEntry[] {
  const pendingById = new Map(pending.map((activity) => [activity.activityId, activity]));
  const entries = [
    { at: info.startTime, text: 'received' },
    ...history.activities.flatMap((run) => {
      const activity = pendingById.get(run.activityId);
      if (run.name === DEAD_LETTER_ACTIVITY) return deadLetterEntries(run);
      return run.name === COMMAND_ACTIVITY ? commandEntries(run, activity) : taskEntries(run, activity);
    }),
    ...(history.cancelRequestedAt ? [{ at: history.cancelRequestedAt, text: 'cancel requested' }] : []),
    ...(info.closeTime ? [{ at: info.closeTime, text: endingText(info, history.failure) }] : []),
  ];
  return entries.sort((one, other) => one.at.getTime() - other.at.getTime());
}

/** The commands of a chain are told apart by what people know each by. */
function commandEntries(run: ActivityRun, pending: PendingActivity | undefined): TimeLineEntry[] {
  const entries = attemptEntries(run, pending);
  return run.step === undefined ? entries : entries.map(({ at, text }) => ({ at, text: `${run.step}: ${text}` }));
}

function attemptEntries(run: ActivityRun, pending: PendingActivity | undefined): TimeLineEntry[] {
  const entries = [{ at: run.scheduledAt, text: 'waiting for a render host' }];
  const start = startOf(run, pending);
  if (start) {
    const text = `started on ${start.host ?? 'a host'}, attempt ${start.attempt}${beforeText(start.failureBefore)}`;
    entries.push({ at: start.at, text });
  }
  const { ending } = run;
  if (!ending) return entries;
  const staged = renderedBy(run)?.result;
  switch (ending.outcome) {
    case 'completed':
      entries.push({ at: ending.at, text: staged ? `staged: ${staged.mimeType}, ${staged.size} bytes` : 'staged' });
      break;
    case 'failed':
      entries.push({ at: ending.at, text: `command failed: ${failureText(ending.failure)}` });
      break;
    case 'cancelled':
      entries.push({ at: ending.at, text: 'command cancelled' });
      break;
    default:
      ending satisfies never;
  }
  return entries;
}

function taskEntries(run: ActivityRun, pending: PendingActivity | undefined): TimeLineEntry[] {
  const start = startOf(run, pending);
  const { name, ending } = run;
  const attempt = start && start.attempt > 1 ? `, attempt ${start.attempt}${beforeText(start.failureBefore)}` : '';
  if (!ending) return start ? [{ at: start.at, text: `${name} started${attempt}` }] : [];
  switch (ending.outcome) {
    case 'completed': {
      // What a chain has done beside its tasks, as telling the approval webhook, goes nowhere.
      const done = run.task === undefined ? 'done' : `delivered to ${destinationOf(ending) ?? 'its destination'}`;
      return [{ at: ending.at, text: `${name} ${done}${attempt}` }];
    }
    case 'failed':
      return [{ at: ending.at, text: `${name} failed${attempt}: ${failureText(ending.failure)}` }];
    case 'cancelled':
      return [{ at: ending.at, text: `${name} cancelled` }];
    default:
      return ending satisfies never;
  }
}

function deadLetterEntries({ ending }: ActivityRun): TimeLineEntry[] {
  if (!ending) return [];
  if (ending.outcome !== 'completed') return [{ at: ending.at, text: 'no dead letter: not stored in time' }];
  const stored = ending.result as DeadLetterOutcome;
  const text = stored.outcome === 'stored' ? `dead letter in ${stored.place}` : `no dead letter: ${stored.reason}`;
  return [{ at: ending.at, text }];
}

function startOf({ started }: ActivityRun, pending: PendingActivity | undefined) {
  if (started) return started;
  if (!pending?.startedAt) return undefined;
  return {
    at: pending.startedAt,
    attempt: pending.attempts,
    ...(pending.host !== undefined && { host: pending.host }),
    ...(pending.failure && { failureBefore: pending.failure }),
  };
}

/** Of attempts before the last one the engine keeps only how the last of them failed. */
const beforeText = (failure: FailureView | undefined): string =>
  failure ? `; the one before failed: ${failureText(failure)}` : '';

function endingText(info: JobFacts['info'], failure: FailureView | undefined): string {
  const state = recordedState(info);
  return state === 'failed' && failure ? `failed: ${failureText(failure)}` : state;
}

export const failureText = ({ type, message }: FailureView): string => (message ? `${type}: ${message}` : type);
