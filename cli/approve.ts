import { decideApproval } from '../lib/approvals/decide.ts';
import { findJob } from '../lib/jobs/find.ts';

import { jsonLine } from './output/output.ts';
import { plainText } from './output/text.ts';
import type { ClientDeps } from './with-client.ts';

export interface ApproveOptions {
  decline?: boolean;
  note?: string;
  /** Needed where a chain waits for more than one. */
  approval?: string;
}

/** `dqm approve`: decides what a chain waits for. */
export async function approve(id: string, options: ApproveOptions, deps: ClientDeps): Promise<void> {
  const { client, queues, output } = deps;
  const { decline = false, note = null, approval } = options;
  const workflowId = await findJob(client, id, queues);
  const decision = decline ? 'declined' : 'approved';
  const asked = { decision, note, ...(approval !== undefined && { approval }) } as const;
  const decided = await decideApproval(client, workflowId, asked);
  output.write(
    output.json
      ? jsonLine({ workflow_id: workflowId, approval: decided.approval, decision, note })
      : `${plainText(workflowId)}: approval of ${plainText(decided.approval)} ${decision}\n`,
  );
}
