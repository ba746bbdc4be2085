import { createHmac, timingSafeEqual } from 'node:crypto';

/** Which approval of which job a link is about. */
export interface ApprovalLink {
  workflowId: string;
  approval: string;
  /** Of the asking it was sent for: it answers no later one. Milliseconds. */
  askedMs: number;
  expiresMs: number;
}

/**
 * The last part of a link `/dqm/approvals/<token>`: whoever has it may decide this approval, once, until it expires.
 * Signed with a key that `signingSecret` gives for this use alone.
 */
export function approvalToken(link: ApprovalLink, signingSecret: string): string {
  const { workflowId, approval, askedMs, expiresMs } = link;
  const payload = Buffer.from(JSON.stringify([workflowId, approval, askedMs, expiresMs])).toString('base64url');
  return `${payload}.${signatureOf(payload, signingSecret).toString('base64url')}`;
}

/** What a token is about; `reason`: for people, why it decides nothing. */
export function readApprovalToken(
  token: string,
  signingSecret: string,
  nowMs: number,
): { link: ApprovalLink } | { reason: string } {
  const [payload = '', signature = ''] = token.split('.');
  const expected = signatureOf(payload, signingSecret);
  const given = Buffer.from(signature, 'base64url');
  // Letter for letter: base64 has more than one spelling of the same bytes.
  const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isOurs || token !== `${payload}.${expected.toString('base64url')}`) return { reason: 'this is no link of ours' };
  const [workflowId, approval, askedMs, expiresMs] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [
    string,
    string,
    number,
    number,
  ];
  if (nowMs >= expiresMs) return { reason: `this link was good until ${new Date(expiresMs).toISOString()}` };
  return { link: { workflowId, approval, askedMs, expiresMs } };
}

const PURPOSE = 'durable-queue-manager/approval/1';

function signatureOf(payload: string, signingSecret: string): Buffer {
  const key = createHmac('sha256', signingSecret).update(PURPOSE).digest();
  return createHmac('sha256', key).update(payload).digest();
}
