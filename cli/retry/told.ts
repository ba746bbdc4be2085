/** What became of one retry: a line for programs, a sentence for people. */
export interface Told {
  line: RetryLine;
  sentence: string;
  /** False: the person must do something else. */
  isDone: boolean;
}

export interface RetryLine {
  workflow_id: string;
  outcome: 'retried' | 'skipped' | 'refused' | 'started' | 'duplicate' | 'rejected';
  /** The job that runs now, where one does. */
  job_workflow_id: string | null;
  /** The task that a job goes on with; `null`: its command runs. */
  task: string | null;
  error: { type: string; message: string } | null;
  /** Why nothing was done, or what to mind. */
  reason: string | null;
}
