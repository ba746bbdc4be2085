import type { WorkflowExecutionInfo } from '@temporalio/client';

import { DqmState } from '../contract/search-attributes.ts';
import { JOB_STATES, type JobState } from '../contract/states.ts';

export interface Execution extends Pick<WorkflowExecutionInfo, 'typedSearchAttributes'> {
  status: Pick<WorkflowExecutionInfo['status'], 'name'>;
}

/**
 * What a workflow's ending and its `DqmState` say together, without `running`. The ending wins: a workflow that was
 * terminated or timed out could not say so, and counts as failed.
 */
export function recordedState({ status, typedSearchAttributes }: Execution): JobState {
  const said = JOB_STATES.find((state) => state === typedSearchAttributes.get(DqmState)) ?? 'waiting';
  switch (status.name) {
    case 'FAILED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'COMPLETED':
      // A message that was held stays what it was: its job, if it became one, is another workflow.
      return said === 'rejected' ? 'rejected' : 'completed';
    default:
      return said;
  }
}

export const isOpen = ({ status }: Execution): boolean => status.name === 'RUNNING' || status.name === 'PAUSED';

/** The failure type of a job that failed, of a rejected message, or how its workflow was ended from outside. */
export function endedBy({ status }: Execution): 'Terminated' | 'TimedOut' | undefined {
  if (status.name === 'TERMINATED') return 'Terminated';
  return status.name === 'TIMED_OUT' ? 'TimedOut' : undefined;
}
