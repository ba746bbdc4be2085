import { activityInfo, cancellationDetails, CancelledFailure } from '@temporalio/activity';

import { sha256 } from '../../lib/contract/ids.ts';
import type { StagedResult, TaskSpec } from '../../lib/contract/job-input.ts';
import { mimeExtension } from '../../lib/contract/mime-extension.ts';
import type { TaskRules } from '../../lib/contract/task-configs.ts';
import type { JobVariables, TemplateVariables } from '../../lib/contract/templates.ts';
import { headerText } from '../../lib/postback/destination.ts';
import type { ResultStore } from '../../lib/results/store.ts';
import { taskWorkerStopping } from '../classify.ts';

export interface TaskInput {
  /** As it stands in the message: templates unfilled. */
  task: TaskSpec;
  /** Among the job's tasks, from 0. */
  index: number;
  /** Which step of a chain; `0` outside of chains. */
  step: string;
  result: StagedResult;
  variables: JobVariables;
}

export interface TaskOutcome {
  /** For people: `s3://bucket/key`, or scheme, host and path of an address. */
  destination: string;
}

/** What every task needs. */
export interface CommonTaskDeps {
  store: ResultStore;
  rules: TaskRules;
  /** Extension by MIME type, over the usual table. */
  mimeExtensions: ReadonlyMap<string, string>;
}

export const templateVariables = (
  { result, variables }: TaskInput,
  mimeExtensions: ReadonlyMap<string, string>,
): TemplateVariables => ({ ...variables, mime_ext: mimeExtension(result.mimeType, mimeExtensions) });

/** The same for every attempt and retry of a delivery, another for other content and when the job is rendered anew. */
export const idempotencyKey = ({ variables, step, index, result }: TaskInput, store: ResultStore): string =>
  `${headerText(variables.job_id)}/${step}/${index}/${sha256(store.keyOf(result)).slice(0, 12)}`;

/** Of the wall clock; undefined when the activity has no window. */
export function windowEndMs(): number | undefined {
  const { scheduledTimestampMs, scheduleToCloseTimeoutMs } = activityInfo();
  return scheduleToCloseTimeoutMs > 0 ? scheduledTimestampMs + scheduleToCloseTimeoutMs : undefined;
}

/** Why the signal aborted: a stopping worker gives its task away, anything else is for Temporal to judge. */
export function stopped(signal: AbortSignal, destination: string): Error {
  if (cancellationDetails()?.workerShutdown) return taskWorkerStopping(destination);
  return signal.reason instanceof Error ? signal.reason : new CancelledFailure('cancelled');
}
