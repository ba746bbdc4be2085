import type { Command } from 'commander';

import { durationMs } from '../lib/config/durations.ts';
import { didYouMean, nearest, nearMiss } from '../lib/config/nearest.ts';
import { FAILURE_TYPES } from '../lib/contract/failures.ts';
import { QUEUE_NAME } from '../lib/contract/names.ts';
import { JOB_STATES, type JobState } from '../lib/contract/states.ts';
import type { JobFilter } from '../lib/jobs/query.ts';

import { UsageError } from './context.ts';

/** As they stand on the command line. */
export interface JobFilterOptions {
  state?: string;
  queue?: string;
  tenant?: string;
  command?: string;
  error?: string;
  host?: string;
  since?: string;
}

/** Adds the options by which `jobs`, `cancel` and `retry` pick jobs. A value that no job can have is told at once. */
export const withJobFilter = (command: Command): Command =>
  command
    .option('--state <state>', `only jobs in this state: ${JOB_STATES.join(', ')}`, readable(stateOf))
    .option('--queue <name>', 'only jobs of this queue', readable(queueOf))
    .option('--tenant <name>', 'only jobs of this tenant')
    .option('--command <name>', 'only jobs of this command')
    .option('--error <type>', 'only jobs that failed so, as UnexpectedResult', readable(errorOf))
    .option('--host <name>', 'only jobs whose command is on this render host, or was last')
    .option(
      '--since <duration>',
      'only jobs received in the last 30m, 2h, 7d, or since an ISO time',
      readable((text) => sinceOf(text, Date.now())),
    );

/** The text as it stands, if it can be read. */
const readable =
  (read: (text: string) => unknown) =>
  (text: string): string => {
    read(text);
    return text;
  };

/** Rejects what no job can match, naming the option. */
export function jobFilterOf(options: JobFilterOptions, nowMs: number): JobFilter {
  const { state, queue, tenant, command, error, host, since } = options;
  return {
    ...(state !== undefined && { state: stateOf(state) }),
    ...(queue !== undefined && { queue: queueOf(queue) }),
    ...(tenant !== undefined && { tenant }),
    ...(command !== undefined && { command }),
    ...(error !== undefined && { error: errorOf(error) }),
    ...(host !== undefined && { host }),
    ...(since !== undefined && { since: sinceOf(since, nowMs) }),
  };
}

function stateOf(text: string): JobState {
  const state = JOB_STATES.find((name) => name === text);
  if (state) return state;
  throw new UsageError(
    `--state ${text}: there is no such state, but ${JOB_STATES.join(', ')}${didYouMean(nearest(text, JOB_STATES))}`,
  );
}

function queueOf(text: string): string {
  if (QUEUE_NAME.test(text)) return text;
  throw new UsageError(`--queue ${text}: not the name of a queue`);
}

const KNOWN_ERRORS: readonly string[] = [...FAILURE_TYPES, 'Terminated', 'TimedOut'];

/** A chain may fail with a type of its own; one that is nearly ours is a slip. */
function errorOf(text: string): string {
  const meant = KNOWN_ERRORS.includes(text) ? undefined : nearMiss(text, KNOWN_ERRORS);
  if (meant === undefined) return text;
  throw new UsageError(`--error ${text}: no job fails so${didYouMean(meant)}`);
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

function sinceOf(text: string, nowMs: number): Date {
  const agoMs = durationMs(text);
  const time = new Date(agoMs === undefined ? (ISO_TIME.test(text) ? text : NaN) : nowMs - agoMs);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `--since ${text}: a duration such as 30m, 2h or 7d is needed, or a time such as 2026-03-01T02:00Z`,
  );
}
