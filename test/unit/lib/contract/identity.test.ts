import { brokerIdentity, identityOf } from '../../../../lib/contract/identity.ts';
import { sha256 } from '../../../../lib/contract/ids.ts';
import { aMessage, GOLDEN_BODY } from '../../../support/a-message.ts';

test("a job's own id comes first, then the broker's message id", () => {
  expect(identityOf(aMessage(), 'chair-1')).toEqual({
    jobId: 'chair-1',
    messageId: 'm-1',
    deliveryId: 'm-1',
    contentHash: sha256(GOLDEN_BODY),
    workflowId: 'job/renders/chair-1',
    isFresh: false,
  });
  expect(identityOf(aMessage(), undefined)).toMatchObject({ jobId: 'm-1', workflowId: 'job/renders/m-1' });
});

test.each([null, ''])('without any id (%j) each delivery is a job of its own', (messageId) => {
  const [first, second] = [0, 1].map(() => identityOf(aMessage({ messageId }), undefined));
  expect(first).toMatchObject({ isFresh: true, deliveryId: null });
  expect(first?.messageId).toBe(first?.jobId);
  expect(first?.jobId).not.toBe(second?.jobId);
});

test('without a message id, but with an id of the job, a template still has something to say', () => {
  expect(identityOf(aMessage({ messageId: null }), 'chair-1')).toMatchObject({ messageId: 'chair-1', isFresh: false });
});

test('a dead letter that comes back keeps the id it had first, and is another delivery', () => {
  const message = aMessage({ messageId: 'm-2', attributes: { originalMessageId: 'm-1' } });
  expect(identityOf(message, undefined)).toMatchObject({ jobId: 'm-1', messageId: 'm-1', deliveryId: 'm-2' });
});

test('a message id of 200 bytes is an identity, a longer or a strange one is hashed', () => {
  expect(brokerIdentity('ü'.repeat(100))).toBe('ü'.repeat(100));
  expect(brokerIdentity(`${'ü'.repeat(100)}x`)).toBe(sha256(`${'ü'.repeat(100)}x`));
  expect(brokerIdentity('a\u0000b')).toBe(sha256('a\u0000b'));
});

test('other bytes of the same JSON are other content', () => {
  const hashes = ['{"command":"a"}', '{"command": "a"}'].map((body) => identityOf(aMessage({ body }), 'x').contentHash);
  expect(new Set(hashes).size).toBe(2);
});
