import { activityInfo } from '@temporalio/activity';

import { approvalToken } from '../lib/approvals/token.ts';
import type { OpenApproval } from '../lib/contract/approvals.ts';
import { destinationOf } from '../lib/postback/destination.ts';
import { jsonPost } from '../lib/postback/json-post.ts';
import type { Post } from '../lib/postback/post.ts';

import { postErrorFailure, postFailure } from './classify.ts';
import { withHeartbeat } from './heartbeat.ts';
import { stopped, windowEndMs } from './tasks/task.ts';

export interface ApprovalWebhookDeps {
  /** Undefined: nobody is told. `gatewayUrl` begins the links, without a slash at its end. */
  webhook: { url: string; gatewayUrl: string; signingSecret: string } | undefined;
  post: Post;
  verifySsl: boolean;
}

export interface ApprovalRequest {
  jobId: string;
  queue: string;
  command: string;
  open: OpenApproval;
}

export type ApprovalWebhookActivities = ReturnType<typeof createApprovalWebhook>;

/** One attempt: a few kilobytes. */
const TIMEOUT_MS = 60_000;
/** Of a link to an approval that waits as long as it takes. */
const LONGEST_LINK_MS = 30 * 24 * 3_600_000;

export function createApprovalWebhook({ webhook, post, verifySsl }: ApprovalWebhookDeps) {
  return {
    /** Tells the approval webhook that a chain waits for a person, with a signed link to decide by. May arrive twice. */
    askForApproval: (request: ApprovalRequest): Promise<string> =>
      withHeartbeat(async (signal) => {
        if (!webhook) return 'this job worker has no approval_webhook';
        const url = new URL(webhook.url);
        const destination = `approval_webhook at ${destinationOf(url)}`;
        const { jobId, open } = request;
        const idempotencyKey = `${jobId}/approval/${open.approval}/${open.askedMs}`;
        try {
          const asked = jsonPost(url, bodyOf(request, webhook), { idempotencyKey, jobId, ...webhook });
          const answer = await post(asked, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
          if (answer.status >= 200 && answer.status < 300) return destinationOf(url);
          throw postFailure(answer, { destination, windowEndMs: windowEndMs(), nowMs: Date.now() });
        } catch (error) {
          if (signal.aborted) throw stopped(signal, destination);
          throw postErrorFailure(error, { destination, verifySsl });
        }
      }),
  };
}

function bodyOf(
  { jobId, queue, command, open }: ApprovalRequest,
  { gatewayUrl, signingSecret }: { gatewayUrl: string; signingSecret: string },
) {
  const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
  const { approval, who, askedMs, deadlineMs, preview } = open;
  const expiresMs = deadlineMs ?? askedMs + LONGEST_LINK_MS;
  const token = approvalToken({ workflowId, approval, askedMs, expiresMs }, signingSecret);
  return {
    job_id: jobId,
    workflow_id: workflowId,
    queue,
    command,
    approval,
    who,
    asked: new Date(askedMs).toISOString(),
    expires: new Date(expiresMs).toISOString(),
    preview: preview && {
      uri: preview.uri,
      sha256: preview.sha256,
      size: preview.size,
      mime_type: preview.mimeType,
    },
    page_url: `${gatewayUrl}/dqm/approvals/${token}`,
  };
}
