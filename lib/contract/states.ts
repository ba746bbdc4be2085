/**
 * What a job is doing. `DqmState` holds all of them but `running`: a workflow cannot see its activity start, so
 * `running` is computed by our commands from the pending activity.
 */
export const JOB_STATES = [
  'waiting',
  'running',
  'approval',
  'delivering',
  'completed',
  'failed',
  'cancelled',
  'rejected',
] as const;

export type JobState = (typeof JOB_STATES)[number];
