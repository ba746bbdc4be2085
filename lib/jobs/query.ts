import { REJECTED_WORKFLOW } from '../contract/names.ts';
import type { JobState } from '../contract/states.ts';

import type { JobRow } from './job-view.ts';

export interface JobFilter {
  state?: JobState | undefined;
  queue?: string | undefined;
  tenant?: string | undefined;
  command?: string | undefined;
  /** A failure type, `Terminated` or `TimedOut`. */
  error?: string | undefined;
  /** The host whose command gave the result, or failed last: one that runs is not known to visibility. */
  host?: string | undefined;
  since?: Date | undefined;
}

/** The filter in the language of Temporal's visibility. Rejects values that this language cannot express. */
export function visibilityQuery({ state, queue, tenant, command, error, host, since }: JobFilter): string {
  const equal = { DqmQueue: queue, DqmTenant: tenant, WorkflowType: command, DqmHost: host };
  return [
    'DqmQueue IS NOT NULL',
    // The run that goes on stands for those before it.
    `ExecutionStatus != 'ContinuedAsNew'`,
    // A held message that a person has settled is no job; the one it may have become is listed itself.
    `(WorkflowType != '${REJECTED_WORKFLOW}' OR ExecutionStatus = 'Running')`,
    ...(state ? [STATE_QUERIES[state]] : []),
    ...Object.entries(equal).flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${literal(value)}`])),
    ...(error === undefined ? [] : [ENDED_FROM_OUTSIDE[error] ?? `DqmError = ${literal(error)}`]),
    ...(since ? [`StartTime >= '${since.toISOString()}'`] : []),
  ].join(' AND ');
}

/** The same of a row, but for `state`, `error` and `host`. */
export const matches = (row: JobRow, { queue, tenant, command, since }: JobFilter): boolean =>
  [
    queue === undefined || row.queue === queue,
    tenant === undefined || row.tenant === tenant,
    command === undefined || row.command === command,
    since === undefined || new Date(row.created) >= since,
  ].every(Boolean);

/** Whether a later run of the same id is found wherever an earlier one is. */
export const holdsLaterRuns = ({ queue: _queue, since: _since, ...others }: JobFilter): boolean =>
  Object.values(others).every((value) => value === undefined);

const openWith = (state: JobState): string => `(DqmState = '${state}' AND ExecutionStatus = 'Running')`;

/** A workflow that was ended from outside keeps the `DqmState` it had: only open ones are believed. */
const STATE_QUERIES: Record<JobState, string> = {
  waiting: openWith('waiting'),
  // Of those that say `waiting`, our own look at the pending activity tells which run.
  running: openWith('waiting'),
  approval: openWith('approval'),
  delivering: openWith('delivering'),
  rejected: openWith('rejected'),
  completed: `(ExecutionStatus = 'Completed' OR ${openWith('completed')})`,
  failed: `(ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut') OR ${openWith('failed')})`,
  cancelled: `(ExecutionStatus = 'Canceled' OR ${openWith('cancelled')})`,
};

/** Such a workflow could not write its error down. */
const ENDED_FROM_OUTSIDE: Record<string, string> = {
  Terminated: `ExecutionStatus = 'Terminated'`,
  TimedOut: `ExecutionStatus = 'TimedOut'`,
};

/** Measured on server 1.32: these never match, however they are escaped, or end the string early. */
const INEXPRESSIBLE = /["\\\p{Cc}]|^'|'$/u;

export const isExpressible = (value: string): boolean => !INEXPRESSIBLE.test(value);

/** A string of the query language. Rejects what it cannot express. */
export function literal(value: string): string {
  if (!isExpressible(value)) {
    throw new Error(
      `the engine cannot search for ${JSON.stringify(value)}: no double quotes, backslashes or control characters, and no quotes around it`,
    );
  }
  return `'${value.replaceAll("'", "''")}'`;
}
