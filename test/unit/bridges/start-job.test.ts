import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';

import { judgeRun, type ExistingRun } from '../../../bridges/start-job.ts';
import { identityOf } from '../../../lib/contract/identity.ts';
import { aMessage } from '../../support/a-message.ts';

type Status = ExistingRun['status']['name'];

/** A run that the message `m-1` of `aMessage` started. */
function aRun(status: Status, { state = 'waiting', memo = {} }: { state?: string; memo?: object } = {}): ExistingRun {
  const { contentHash } = identityOf(aMessage(), 'chair-1');
  return {
    status: { name: status },
    memo: { delivery_id: 'm-1', content_hash: contentHash, ...memo },
    typedSearchAttributes: new TypedSearchAttributes([
      { key: defineSearchAttributeKey('DqmState', 'KEYWORD'), value: state },
    ]),
  };
}

const sameMessage = identityOf(aMessage(), 'chair-1');
const sameContent = identityOf(aMessage({ messageId: 'm-2' }), 'chair-1');
const otherContent = identityOf(aMessage({ messageId: 'm-2', body: '{}' }), 'chair-1');

// interface.md 1, row by row.
test.each<[Status, string, string, string]>([
  ['RUNNING', 'duplicate', 'duplicate', 'conflict'],
  ['COMPLETED', 'duplicate', 'duplicate', 'conflict'],
  ['FAILED', 'duplicate', 'again', 'again'],
  ['CANCELLED', 'duplicate', 'again', 'again'],
  ['TERMINATED', 'duplicate', 'again', 'again'],
  ['TIMED_OUT', 'duplicate', 'again', 'again'],
])('%s: the same message is a %s, the same content %s, other content %s', (status, same, content, other) => {
  const run = aRun(status);
  expect([sameMessage, sameContent, otherContent].map((identity) => judgeRun(run, identity))).toEqual([
    same,
    content,
    other,
  ]);
});

test.each(['failed', 'cancelled'])('a run that is %s but open is waited for, except by its own message', (state) => {
  const run = aRun('RUNNING', { state });
  expect([sameMessage, sameContent, otherContent].map((identity) => judgeRun(run, identity))).toEqual([
    'duplicate',
    'closing',
    'closing',
  ]);
});

test('a message id that was used for other content is another message', () => {
  const reused = identityOf(aMessage({ body: '{}' }), 'chair-1');
  expect(judgeRun(aRun('RUNNING'), reused)).toBe('conflict');
  expect(judgeRun(aRun('FAILED'), reused)).toBe('again');
});

test('without a message id nothing is a redelivery', () => {
  const withoutId = identityOf(aMessage({ messageId: null }), 'chair-1');
  const memo = { delivery_id: null };
  expect(judgeRun(aRun('RUNNING', { memo }), withoutId)).toBe('duplicate');
  expect(judgeRun(aRun('FAILED', { memo }), withoutId)).toBe('again');
});

test("somebody else's workflow of that id is a conflict", () => {
  expect(judgeRun({ ...aRun('RUNNING'), memo: {} }, sameMessage)).toBe('conflict');
});
