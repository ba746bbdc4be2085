import {
  ActivityFailure,
  ApplicationFailure,
  ContinueAsNew,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';

import { withoutStack } from '../lib/contract/failures.ts';
import type { JobInput, TaskFailureDetails } from '../lib/contract/job-input.ts';

import { leaveDeadLetter } from './dead-letter.ts';
import { reportFailure } from './failure-webhook.ts';

/** What is shown of a job's end. */
export interface JobEnding {
  completed(): void;
  cancelled(): void;
  failed(failure: ApplicationFailure): void;
  /** What became of a failed job's message. */
  deadLetter(text: string): void;
}

/**
 * Runs a job and writes its last state before it ends, so that whoever sees the ending sees the state too; whoever sees
 * the dead letter of a failed one does, too.
 */
export async function withEnding<T>(input: JobInput, page: JobEnding, run: () => Promise<T>): Promise<T> {
  try {
    const result = await run();
    page.completed();
    return result;
  } catch (error) {
    // Not an ending: the same job in a new history.
    if (error instanceof ContinueAsNew) throw error;
    if (isCancellation(error)) {
      page.cancelled();
      throw error;
    }
    const failure = jobFailure(error);
    page.failed(failure);
    if (input.deadLetter) page.deadLetter(await leaveDeadLetter(input, failure));
    if (input.reportsFailure) await reportFailure(input);
    throw failure;
  }
}

/** Says which task failed and why, and holds what a retry resumes from. */
export function taskFailure(error: unknown, details: TaskFailureDetails): unknown {
  if (isCancellation(error)) return error;
  const { type, message } = reasonOf(error, 'TaskUnavailable');
  return finalFailure(error, { type, message: `task ${details.task + 1}: ${message}`, details: [details] });
}

/** The activity's own failure, without the engine's wrapping: its type is what people filter by. */
function jobFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return withoutStack(error);
  return finalFailure(error, reasonOf(error, 'HostFault'));
}

/** Ends a workflow for `reason`, with `error` as its cause and no frames of our bundle. */
export const finalFailure = (error: unknown, reason: Reason): ApplicationFailure =>
  withoutStack(
    ApplicationFailure.create({ ...reason, nonRetryable: true, ...(error instanceof Error && { cause: error }) }),
  );

interface Reason {
  type: string;
  message: string;
  details: unknown[];
}

/** A timeout's last failure says more than the timeout; one without any is `fallback`. */
export function reasonOf(error: unknown, fallback: string): Reason {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    return { type: cause.type ?? fallback, message: cause.message, details: cause.details ?? [] };
  }
  if (cause instanceof TimeoutFailure) {
    // The SDK drops the cause of a timeout; what the destination said last is in the engine's own form of it.
    const last = cause.failure?.cause?.message;
    const reason = last ? `, the last attempt said: ${last}` : ` (${cause.timeoutType})`;
    return { type: fallback, message: `gave up after the time allowed${reason}`, details: [] };
  }
  return { type: fallback, message: cause instanceof Error ? cause.message : String(cause), details: [] };
}
