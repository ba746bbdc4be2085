import { CancellationScope, ParentClosePolicy, proxyActivities, startChild, workflowInfo } from '@temporalio/workflow';

import type { FailureWebhookActivities } from '../activities/failure-webhook.ts';
import type { FailureReport } from '../lib/contract/failure-report.ts';
import type { JobInput } from '../lib/contract/job-input.ts';
import { FAILURE_WEBHOOK_WORKFLOW } from '../lib/contract/names.ts';

import { taskPolicy } from './policies.ts';

/** Tells the failure webhook, for as long as a delivery is tried. */
export function failureWebhook(report: FailureReport): Promise<string> {
  const { tellFailure } = proxyActivities<FailureWebhookActivities>(taskPolicy({ taskRetryWindowMs: report.windowMs }));
  return tellFailure(report);
}

/** In a workflow of its own, so that a web server that is away keeps no failed job open: one that comes back could not run. */
export async function reportFailure({ jobId, limits }: JobInput): Promise<void> {
  const { workflowId, runId } = workflowInfo();
  const report: FailureReport = { version: 1, windowMs: limits.taskRetryWindowMs, run: { workflowId, runId } };
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(FAILURE_WEBHOOK_WORKFLOW, {
        workflowId: `failure-webhook/${runId}`,
        args: [report],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `failure webhook · ${jobId}`,
      }),
    );
  } catch {
    // The job fails all the same.
  }
}
