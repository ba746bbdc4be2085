import { ApplicationFailure, log, proxyActivities } from '@temporalio/workflow';

import type { ApprovalWebhookActivities } from '../../activities/approval-webhook.ts';
import type { OpenApproval } from '../../lib/contract/approvals.ts';
import { approvalWebhookPolicy } from '../policies.ts';

import { runningChain, type RunningChain } from './current.ts';
import { milliseconds, type Duration } from './pause.ts';
import type { Result } from './types.ts';

export interface ApprovalOptions {
  /** What the person is to look at. */
  preview?: Result;
  /** How long to wait; absent: as long as it takes. */
  within?: Duration;
  /** What it means when nobody decides within that time; absent: the chain fails. */
  otherwise?: 'approve' | 'decline';
}

/** How an approval was given. */
export interface Approval {
  by: 'person' | 'timeout';
  note: string | null;
}

/**
 * Waits for a person to approve, durably and without holding a GPU: `dqm approve`, or the link that `approval_webhook`
 * gets. Rejects with `ApprovalDeclined` when they decline, and when the time is over without `otherwise: 'approve'`.
 */
export async function approval(who: string, options: ApprovalOptions = {}): Promise<Approval> {
  const chain = runningChain('approval');
  const withinMs = options.within === undefined ? undefined : milliseconds(options.within);
  const call = { name: `approval of ${who}`, content: `\0approval\0${who}` };
  return chain.steps.wait(call, async (waitedMs, { occurrence }) => {
    const open: OpenApproval = {
      approval: occurrence === 0 ? who : `${who}#${occurrence + 1}`,
      who,
      askedMs: chain.engineNow() - waitedMs,
      deadlineMs: withinMs === undefined ? null : chain.engineNow() - waitedMs + withinMs,
      preview: options.preview ?? null,
    };
    const decided = chain.page.approvalBegins(waitText(open));
    tell(open, chain);
    try {
      const { decision, note } = await chain.approvals.ask(
        open,
        withinMs === undefined ? undefined : withinMs - waitedMs,
      );
      if (decision === 'approved') return { by: 'person', note };
      if (decision === 'timeout' && options.otherwise === 'approve') return { by: 'timeout', note: null };
      throw declined(open, decision, note);
    } finally {
      decided();
    }
  });
}

function declined({ approval: name }: OpenApproval, decision: 'declined' | 'timeout', note: string | null) {
  const why = decision === 'timeout' ? 'nobody decided in time' : `declined${note === null ? '' : `: ${note}`}`;
  return ApplicationFailure.nonRetryable(`approval of ${name}: ${why}`, 'ApprovalDeclined');
}

const waitText = ({ approval: name, deadlineMs, preview }: OpenApproval): string =>
  [
    `approval of ${name}`,
    ...(deadlineMs === null ? [] : [`until ${new Date(deadlineMs).toISOString()}`]),
    ...(preview ? [`preview ${preview.uri}`] : []),
  ].join(', ');

/** Whether the web server takes it changes nothing: the approval waits, and the job's page says for whom. */
function tell(open: OpenApproval, { input, settings, steps }: RunningChain): void {
  if (!settings.tellsApprovals) return;
  const { jobId, queue, command } = input;
  const { askForApproval } = proxyActivities<ApprovalWebhookActivities>(approvalWebhookPolicy);
  steps
    .perform(
      { name: 'approval_webhook', content: `\0ask\0${open.approval}\0${open.askedMs}` },
      () => askForApproval({ jobId, queue, command, open }),
      () => undefined,
    )
    .catch(() => log.warn('The approval webhook was not told', { approval: open.approval }));
}
