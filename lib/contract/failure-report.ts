import type { JobView } from '../jobs/job-view.ts';

/** What the failure webhook gets: a job in full. A rejected message is no job of the engine's, so it has no workflow. */
export type FailedJobView = Omit<JobView, 'workflow_id' | 'run_id'> & Record<'workflow_id' | 'run_id', string | null>;

/** Input of the `dqm/failure-webhook` workflow: a run that has failed, or a message that was rejected. */
export type FailureReport = { version: 1; windowMs: number } & (
  | { run: { workflowId: string; runId: string } }
  | { rejected: FailedJobView }
);
