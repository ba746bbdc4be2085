/**
 * What a job worker registers. Only a default export: it runs any workflow type, so a command needs no registration and
 * no helper becomes a command by being exported. Types that begin with `dqm/` are ours.
 */
import { workflowInfo } from '@temporalio/workflow';

import type { JobInput, RejectedInput } from '../lib/contract/job-input.ts';
import { REJECTED_WORKFLOW } from '../lib/contract/names.ts';

import job from './job.ts';
import { rejected } from './rejected.ts';

export default function workflow(input: JobInput | RejectedInput): Promise<unknown> {
  return workflowInfo().workflowType === REJECTED_WORKFLOW ? rejected(input as RejectedInput) : job(input as JobInput);
}
