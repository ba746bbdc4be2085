import type { StagedResult } from './job-input.ts';

/** The update that decides an approval of a chain. */
export const DECIDE_APPROVAL = 'decide_approval';
/** The query for what a chain waits for now. */
export const OPEN_APPROVALS = 'open_approvals';

export type Decision = 'approved' | 'declined';

export interface ApprovalDecision {
  /** Undefined: the only one that waits. */
  approval?: string;
  /** Of the asking that is answered, when it is known: an old link must not answer a later one. Milliseconds. */
  askedMs?: number;
  decision: Decision;
  note: string | null;
}

/** What a chain waits for: a person's decision. */
export interface OpenApproval {
  /** `who`, or `who#2` for the second time the chain asks. */
  approval: string;
  /** Who is asked, as the chain says. */
  who: string;
  askedMs: number;
  /** `null`: it waits as long as it takes. */
  deadlineMs: number | null;
  preview: StagedResult | null;
}
