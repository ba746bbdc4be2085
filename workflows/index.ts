import { patched, workflowInfo } from '@temporalio/workflow';

import type { FailureReport } from '../lib/contract/failure-report.ts';
import type { HostsInput } from '../lib/contract/host-status.ts';
import type { JobInput, RejectedInput } from '../lib/contract/job-input.ts';
import { FAILURE_WEBHOOK_WORKFLOW, HOSTS_WORKFLOW, REJECTED_WORKFLOW } from '../lib/contract/names.ts';

import { runChain } from './chains/run.ts';
import { chainTable } from './chains/table.ts';
import { failureWebhook } from './failure-webhook.ts';
import { hosts } from './hosts.ts';
import job from './job.ts';
import { rejected } from './rejected.ts';

/**
 * The one workflow a job worker registers: as a default export it runs any workflow type, so a command needs no
 * registration and no helper becomes one by being exported. `module` holds the user's chains.
 */
export function createWorkflow(module: Readonly<Record<string, unknown>>) {
  const chains = chainTable(module);
  /** For the job worker, which looks at it once. */
  const exported = Object.fromEntries(Object.entries(module).map(([name, value]) => [name, typeof value]));
  const workflow = (input: JobInput | RejectedInput | FailureReport | HostsInput): Promise<unknown> => {
    const { workflowType } = workflowInfo();
    if (workflowType === REJECTED_WORKFLOW) return rejected(input as RejectedInput);
    if (workflowType === HOSTS_WORKFLOW) return hosts(input as HostsInput);
    if (workflowType === FAILURE_WEBHOOK_WORKFLOW) return failureWebhook(input as FailureReport);
    const chain = chains[workflowType];
    // A job that was started before its chain existed goes on as a plain command.
    if (chain && patched('chain')) return runChain(workflowType, chain, input as JobInput);
    return job(input as JobInput);
  };
  return Object.assign(workflow, { exported });
}
