import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';

import { judgeRun, type ExistingRun } from '../../../../bridges/intake/start-job.ts';
import { identityOf } from '../../../../lib/contract/identity.ts';
import { aMessage } from '../../../support/a-message.ts';

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
  expect([sameMessage, sameContent, otherContent].map((identity) => judgeRun(run, identity, 'on_start'))).toEqual([
    same,
    content,
    other,
  ]);
});

test.each(['failed', 'cancelled'])('a run that is %s but open is waited for, except by its own message', (state) => {
  const run = aRun('RUNNING', { state });
  expect([sameMessage, sameContent, otherContent].map((identity) => judgeRun(run, identity, 'on_start'))).toEqual([
    'duplicate',
    'closing',
    'closing',
  ]);
});

test('a message id that was used for other content is another message', () => {
  const reused = identityOf(aMessage({ body: '{}' }), 'chair-1');
  expect(judgeRun(aRun('RUNNING'), reused, 'on_start')).toBe('conflict');
  expect(judgeRun(aRun('FAILED'), reused, 'on_start')).toBe('again');
});

test('without a message id nothing is a redelivery', () => {
  const withoutId = identityOf(aMessage({ messageId: null }), 'chair-1');
  const memo = { delivery_id: null };
  expect(judgeRun(aRun('RUNNING', { memo }), withoutId, 'on_start')).toBe('duplicate');
  expect(judgeRun(aRun('FAILED', { memo }), withoutId, 'on_start')).toBe('again');
});

test("somebody else's workflow of that id is a conflict", () => {
  expect(judgeRun({ ...aRun('RUNNING'), memo: {} }, sameMessage, 'on_start')).toBe('conflict');
});

// interface.md 1, what `on_completion` has of its own.
test.each<[Status, string]>([
  ['RUNNING', 'duplicate'],
  ['COMPLETED', 'duplicate'],
  ['FAILED', 'again'],
  ['CANCELLED', 'duplicate'],
  ['TERMINATED', 'again'],
  ['TIMED_OUT', 'again'],
])('acknowledged on completion, %s: the same message is a %s', (status, same) => {
  expect(judgeRun(aRun(status), sameMessage, 'on_completion')).toBe(same);
});

test('acknowledged on completion, a run that is failing is waited for by its own message, too', () => {
  expect(judgeRun(aRun('RUNNING', { state: 'failed' }), sameMessage, 'on_completion')).toBe('closing');
  expect(judgeRun(aRun('RUNNING', { state: 'cancelled' }), sameMessage, 'on_completion')).toBe('duplicate');
});
