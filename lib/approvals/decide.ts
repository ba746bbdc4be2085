import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';

import { DECIDE_APPROVAL, OPEN_APPROVALS, type ApprovalDecision, type OpenApproval } from '../contract/approvals.ts';
import { isGrpcStatus } from '../grpc.ts';
import { errorText } from '../log.ts';

/** Nothing was decided: the message says why, for people. */
export class NotDecided extends Error {
  override readonly name = 'NotDecided';
}

/** A person waits for the answer, and only a job worker can give it. */
const ANSWER_LIMIT_MS = 15_000;

/** Decides an approval that a chain waits for. Gives the one that was decided; rejects with `NotDecided`. */
export const decideApproval = (client: Client, workflowId: string, decision: ApprovalDecision): Promise<OpenApproval> =>
  asking(client, workflowId, () =>
    client.workflow.getHandle(workflowId).executeUpdate<OpenApproval, [ApprovalDecision]>(DECIDE_APPROVAL, {
      args: [decision],
    }),
  );

/** What a chain waits for now; a job that is no chain waits for nothing. Rejects with `NotDecided`. */
export const openApprovals = (client: Client, workflowId: string, limitMs = ANSWER_LIMIT_MS): Promise<OpenApproval[]> =>
  asking(
    client,
    workflowId,
    () => client.workflow.getHandle(workflowId).query<OpenApproval[]>(OPEN_APPROVALS),
    limitMs,
  );

async function asking<T>(
  client: Client,
  workflowId: string,
  ask: () => Promise<T>,
  limitMs = ANSWER_LIMIT_MS,
): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + limitMs, ask);
  } catch (error) {
    throw new NotDecided(`${workflowId}: ${reasonText(error)}`, { cause: error });
  }
}

function reasonText(error: unknown): string {
  if (error instanceof WorkflowUpdateFailedError) return reasonOfRefusal(errorText(error.cause));
  if (error instanceof WorkflowNotFoundError) return 'the job has ended, or there is no such job';
  if (isGrpcStatus(error, 'deadlineExceeded')) return 'no job worker has answered, is one running?';
  return reasonOfRefusal(errorText(error));
}

/** The SDK's words for a workflow that has no such handler: a job of a single command. */
const reasonOfRefusal = (text: string): string =>
  /no registered handler|not registered|did not register/i.test(text) ? 'the job waits for no approval' : text;
