import type { Client } from '@temporalio/client';

import { OPEN_APPROVALS, type OpenApproval } from '../contract/approvals.ts';

/** A page about a job does not wait for a job worker that is not there. */
const ANSWER_LIMIT_MS = 2_000;

/** Whom the chain of a job asks now; empty when no job worker says so in time. */
export async function readOpenApprovals(client: Client, workflowId: string): Promise<OpenApproval[]> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_LIMIT_MS, () =>
      client.workflow.getHandle(workflowId).query<OpenApproval[]>(OPEN_APPROVALS),
    );
  } catch {
    return [];
  }
}
