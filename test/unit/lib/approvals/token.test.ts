import { approvalToken, readApprovalToken } from '../../../../lib/approvals/token.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const link = { workflowId: 'job/renders/chair-1', approval: 'art director', askedMs: NOW, expiresMs: NOW + 60_000 };
const token = approvalToken(link, 'secret');
const ours = { reason: 'this is no link of ours' };

test('a token tells which approval it is about, until it expires', () => {
  expect(readApprovalToken(token, 'secret', NOW)).toEqual({ link });
  expect(readApprovalToken(token, 'secret', link.expiresMs)).toEqual({
    reason: 'this link was good until 2026-03-01T12:01:00.000Z',
  });
});

test('a token is no secret in itself: it can stand in an address', () => {
  expect(encodeURIComponent(token)).toBe(token);
  expect(token).not.toContain('secret');
});

const [payload = '', signature = ''] = token.split('.');
const forged = Buffer.from(JSON.stringify(['job/renders/other', 'art director', NOW, link.expiresMs])).toString(
  'base64url',
);

test.each([
  ['another secret', approvalToken(link, 'guess')],
  ['another payload', `${forged}.${signature}`],
  ['no signature', payload],
  ['an empty signature', `${payload}.`],
  ['a signature cut short', `${payload}.${signature.slice(0, -2)}`],
  ['another spelling of the signature', `${payload}.${signature}=`],
  ['something behind it', `${token}.x`],
  ['nothing', ''],
])('%s is refused', (_what, given) => {
  expect(readApprovalToken(given, 'secret', NOW)).toEqual(ours);
});
