import { ApplicationFailure, condition, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';

import {
  DECIDE_APPROVAL,
  OPEN_APPROVALS,
  type ApprovalDecision,
  type Decision,
  type OpenApproval,
} from '../../lib/contract/approvals.ts';

const decide = defineUpdate<OpenApproval, [ApprovalDecision]>(DECIDE_APPROVAL);
const listOpen = defineQuery<OpenApproval[]>(OPEN_APPROVALS);

/** What persons are asked, and what they have said. */
export interface Approvals {
  /** Waits for a decision; `timeout` once `leftMs` have passed. */
  ask(open: OpenApproval, leftMs: number | undefined): Promise<ApprovalAnswer>;
}

export interface ApprovalAnswer {
  decision: Decision | 'timeout';
  note: string | null;
}

/** From here on decisions are taken, or refused with the reason why. */
export function createApprovals(): Approvals {
  const open = new Map<string, OpenApproval>();
  const answers = new Map<string, ApprovalAnswer>();

  function meant({ approval }: ApprovalDecision): OpenApproval | undefined {
    return approval === undefined && open.size === 1 ? [...open.values()][0] : open.get(approval ?? '');
  }

  function validate(decision: ApprovalDecision): void {
    const { approval, askedMs } = decision;
    const one = meant(decision);
    if (!one) throw refusal(approval, open, answers);
    if (askedMs !== undefined && askedMs !== one.askedMs) {
      throw ApplicationFailure.nonRetryable(`${one.approval} was asked anew since: use the later link`);
    }
  }

  setHandler(
    decide,
    (decision) => {
      const one = meant(decision) as OpenApproval;
      open.delete(one.approval);
      answers.set(one.approval, { decision: decision.decision, note: decision.note });
      return one;
    },
    { validator: validate },
  );
  setHandler(listOpen, () => [...open.values()]);

  return {
    ask: async (one, leftMs) => {
      open.set(one.approval, one);
      const isAnswered = (): boolean => answers.has(one.approval);
      try {
        if (leftMs === undefined) await condition(isAnswered);
        else if (leftMs > 0) await condition(isAnswered, leftMs);
        const answer = answers.get(one.approval) ?? { decision: 'timeout', note: null };
        answers.set(one.approval, answer);
        return answer;
      } finally {
        open.delete(one.approval);
      }
    },
  };
}

function refusal(
  approval: string | undefined,
  open: ReadonlyMap<string, unknown>,
  answers: ReadonlyMap<string, ApprovalAnswer>,
): ApplicationFailure {
  const earlier = approval === undefined ? [...answers.values()].at(-1) : answers.get(approval);
  if (open.size > 0) {
    const waiting = [...open.keys()].join(', ');
    if (approval === undefined) return ApplicationFailure.nonRetryable(`say which approval, it waits for ${waiting}`);
    if (!earlier) return ApplicationFailure.nonRetryable(`it does not wait for ${approval}, but for ${waiting}`);
  }
  if (!earlier) return ApplicationFailure.nonRetryable('the job waits for no approval');
  const what = approval ?? 'its approval';
  return ApplicationFailure.nonRetryable(
    earlier.decision === 'timeout'
      ? `too late for ${what}: its time was over`
      : `${what} was ${earlier.decision} already`,
  );
}
