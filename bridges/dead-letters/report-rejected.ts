import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';

import type { FailedJobView, FailureReport } from '../../lib/contract/failure-report.ts';
import { rejectedReportId } from '../../lib/contract/ids.ts';
import { FAILURE_WEBHOOK_WORKFLOW, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';

import { callEngine } from '../engine.ts';

import type { Rejected } from './dead-letter.ts';

/** Has the failure webhook told of a rejected message; settles once the engine has it to do. */
export type ReportRejected = (message: QueueMessage, verdict: Rejected) => Promise<void>;

/** `windowMs`: for how long the webhook is tried. */
export function createReportRejected({ client, windowMs }: { client: Client; windowMs: number }): ReportRejected {
  return async (message, verdict) => {
    const report: FailureReport = { version: 1, windowMs, rejected: rejectedView(message, verdict) };
    const options = {
      workflowId: rejectedReportId(message.queue, message.messageId, message.body),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'FAIL' as const,
      taskQueue: JOBS_TASK_QUEUE,
      args: [report],
      staticSummary: `failure webhook · ${verdict.type} · ${message.queue}`,
    };
    try {
      await callEngine(client, () => client.workflow.start(FAILURE_WEBHOOK_WORKFLOW, options));
    } catch (error) {
      // The same message once more, of a bridge that died with it.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };
}

function rejectedView({ queue }: QueueMessage, { type, reason, jobId, messageId }: Rejected): FailedJobView {
  const now = new Date().toISOString();
  return {
    job_id: jobId ?? null,
    workflow_id: null,
    run_id: null,
    queue,
    command: null,
    state: 'rejected',
    message_id: messageId,
    tenant: null,
    priority: null,
    host: null,
    attempt: null,
    progress: null,
    created: now,
    started: null,
    ended: now,
    gpu_seconds: null,
    result: null,
    tasks: [],
    partial_results: [],
    error: { type, message: reason },
    ui_url: null,
  };
}
