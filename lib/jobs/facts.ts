import type { JobInput, RejectedInput, StagedResult, TaskFailureDetails } from '../contract/job-input.ts';

import type { ActivityEnding, ActivityRun, JobHistory } from './history.ts';
import { COMMAND_ACTIVITY, type PendingActivity } from './pending.ts';
import type { ExecutionInfo } from './row.ts';

/** All that the engine tells of one job, decoded. */
export interface JobFacts {
  info: ExecutionInfo;
  history: JobHistory;
  /** Of the runs that a chain's run goes on from. */
  earlierCommands: readonly ActivityRun[];
  pending: readonly PendingActivity[];
}

/** A command that gave its result: `RenderedCommand` of its activity, or what a retry went on from. */
export type Rendered = Omit<TaskFailureDetails, 'task'>;

/** What other inputs lack, a chain's or a later version's, is missing here too. */
export const jobInput = ({ input }: JobHistory): Partial<JobInput> => input ?? {};

export const rejectedInput = ({ input }: JobHistory): Partial<RejectedInput> => input ?? {};

export const commandsOf = ({ activities }: JobHistory): ActivityRun[] =>
  activities.filter(({ name }) => name === COMMAND_ACTIVITY);

/** All commands of a chain, in the order in which they were asked for: `dqm result --step` counts them from 0. */
export const stepsOf = ({ earlierCommands, history }: JobFacts): ActivityRun[] => [
  ...earlierCommands,
  ...commandsOf(history),
];

/** The last run of a task: a chain may deliver more than once. */
export const taskRun = ({ activities }: JobHistory, task: number): ActivityRun | undefined =>
  activities.findLast((run) => run.task === task);

export const pendingOf = ({ pending }: JobFacts, run: ActivityRun | undefined): PendingActivity | undefined =>
  run && pending.find(({ activityId }) => activityId === run.activityId);

/** The result that tasks deliver. */
export function rendered({ history }: JobFacts): Rendered | undefined {
  const last = commandsOf(history).findLast(({ ending }) => ending?.outcome === 'completed');
  return last ? renderedBy(last) : jobInput(history).resume;
}

export function renderedBy({ ending }: ActivityRun): Rendered | undefined {
  if (ending?.outcome !== 'completed') return undefined;
  const result = ending.result as Partial<Rendered> | null | undefined;
  return isStaged(result?.result) ? (result as Rendered) : undefined;
}

const isStaged = (value: StagedResult | undefined): value is StagedResult => typeof value?.uri === 'string';

/** Where a task has put the result. */
export function destinationOf(ending: ActivityEnding | undefined): string | null {
  if (ending?.outcome !== 'completed') return null;
  const destination = (ending.result as { destination?: unknown } | null | undefined)?.destination;
  return typeof destination === 'string' ? destination : null;
}
