import { activityInfo } from '@temporalio/activity';

import type { FailureReport } from '../lib/contract/failure-report.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import { destinationOf } from '../lib/postback/destination.ts';
import { jsonPost } from '../lib/postback/json-post.ts';
import type { Post } from '../lib/postback/post.ts';

import { notClosedYet, postErrorFailure, postFailure } from './classify.ts';
import { withHeartbeat } from './heartbeat.ts';
import { stopped, windowEndMs } from './tasks/task.ts';

export interface FailureWebhookDeps {
  /** Of this worker's configuration; undefined: nothing is sent. */
  url: string | undefined;
  /** A run of a job in full. */
  showRun(run: { workflowId: string; runId: string }): Promise<JobView>;
  post: Post;
  verifySsl: boolean;
  /** Signs what is sent; undefined = unsigned. */
  signingSecret: string | undefined;
}

/** One attempt: a few kilobytes. */
const TIMEOUT_MS = 60_000;

export function createFailureWebhook({ url, showRun, post, verifySsl, signingSecret }: FailureWebhookDeps) {
  return {
    /** Tells the failure webhook of a failed job or a rejected message. May arrive twice: the `Idempotency-Key` says so. */
    tellFailure: (report: FailureReport): Promise<string> =>
      withHeartbeat(async (signal) => {
        if (url === undefined) return 'this job worker has no failure_webhook';
        const address = new URL(url);
        const destination = `failure_webhook at ${destinationOf(address)}`;
        try {
          const job = 'rejected' in report ? report.rejected : await showRun(report.run);
          if (job.ended === null) throw notClosedYet(job.workflow_id ?? '');
          const idempotencyKey = activityInfo().workflowExecution?.workflowId ?? '';
          const request = jsonPost(address, job, { idempotencyKey, jobId: job.job_id, signingSecret });
          const answer = await post(request, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
          if (answer.status >= 200 && answer.status < 300) return destinationOf(address);
          throw postFailure(answer, { destination, windowEndMs: windowEndMs(), nowMs: Date.now() });
        } catch (error) {
          if (signal.aborted) throw stopped(signal, destination);
          throw postErrorFailure(error, { destination, verifySsl });
        }
      }),
  };
}

export type FailureWebhookActivities = ReturnType<typeof createFailureWebhook>;
