import type { PRIORITIES } from '../contract/names.ts';
import type { JobState } from '../contract/states.ts';

export type Priority = (typeof PRIORITIES)[number];

/** Why something failed: one of our failure types, or `Terminated` and `TimedOut` for a workflow ended from outside. */
export interface FailureView {
  type: string;
  message: string;
}

/** A job in full, as `dqm job --json`, `dqm_job_status` and the failure webhook give it. Times are ISO 8601. */
export interface JobView {
  /** `null`: a rejected message, which never became a job. So is `command`. */
  job_id: string | null;
  workflow_id: string;
  run_id: string;
  queue: string;
  command: string | null;
  state: JobState;
  message_id: string | null;
  tenant: string | null;
  priority: Priority | null;
  /** The host that runs its command, else the one that ran it last. */
  host: string | null;
  /** Of the command: the one that runs, else the last one; `null` before the first. */
  attempt: number | null;
  /** Percent; `null` when the command tells none. */
  progress: number | null;
  /** When the engine had it. */
  created: string;
  /** When the command's latest attempt began; `null` before, between attempts, and in rows of jobs whose command has ended. */
  started: string | null;
  ended: string | null;
  gpu_seconds: number | null;
  result: ResultView | null;
  tasks: TaskView[];
  /** What a chain's commands have staged, also when it has failed; of other jobs none. */
  partial_results: PartialResult[];
  error: FailureView | null;
  ui_url: string | null;
}

export interface ResultView {
  uri: string;
  sha256: string;
  /** Bytes. */
  size: number;
  mime_type: string;
}

export interface PartialResult extends ResultView {
  /** For `dqm result --step`. */
  step: number;
  /** The command and how its parameters begin. */
  summary: string;
}

export interface TaskView {
  name: string;
  state: TaskState;
  /** Begun ones. */
  attempts: number;
  /** Of the last attempt that failed. */
  error: FailureView | null;
  destination: string | null;
}

/** `waiting` also between two attempts; `skipped`: the job ended before it. */
export type TaskState = 'waiting' | 'running' | 'completed' | 'failed' | 'cancelled' | 'skipped';

/** A job as visibility and the memo know it: a row of `dqm jobs`. */
export interface JobRow extends Omit<
  JobView,
  'attempt' | 'progress' | 'tasks' | 'result' | 'partial_results' | 'error'
> {
  error: { type: string } | null;
}
