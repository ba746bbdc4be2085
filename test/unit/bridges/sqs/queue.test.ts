import type { BatchResultErrorEntry, Message, SQSClient } from '@aws-sdk/client-sqs';

import { createSqsQueue } from '../../../../bridges/sqs/queue.ts';
import { aClock } from '../../../support/a-clock.ts';
import { until } from '../../../support/until.ts';

const never = new AbortController().signal;
const HOURS_12_S = 12 * 60 * 60;

interface BatchCall {
  Entries: { Id: string; ReceiptHandle: string; VisibilityTimeout?: number }[];
}

/** A queue whose batches fail as `failed` says: one answer after the other, then none. */
function aQueue(...failed: BatchResultErrorEntry[][]) {
  const calls: BatchCall[] = [];
  const clock = aClock();
  const send = async ({ input }: { input: BatchCall }) => {
    calls.push(input);
    return { Failed: failed.shift() ?? [] };
  };
  return { queue: createSqsQueue({ send } as unknown as SQSClient, 'http://sqs/1/q', clock), calls, clock };
}

const message = (ReceiptHandle: string): Message => ({ ReceiptHandle });
const busy = (Id: string): BatchResultErrorEntry => ({ Id, Code: 'InternalError', SenderFault: false });

test('an entry of a batch that SQS could not delete is sent again, and only that one', async () => {
  const { queue, calls } = aQueue([busy('1')], [busy('0')]);
  await Promise.all(['a', 'b', 'c'].map((each) => queue.remove(message(each), never)));
  const handles = calls.map(({ Entries }) => Entries.map(({ ReceiptHandle }) => ReceiptHandle));
  expect(handles).toEqual([['a', 'b', 'c'], ['b'], ['b']]);
});

test('what SQS will never delete is not tried again', async () => {
  const { queue, calls } = aQueue([{ Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true }]);
  await expect(queue.remove(message('a'), never)).rejects.toThrow('not deleted: ReceiptHandleIsInvalid');
  expect(calls).toHaveLength(1);
});

test('a bridge that stops tries once', async () => {
  const { queue, calls } = aQueue([busy('0')], [busy('0')]);
  await expect(queue.giveBack(message('a'), AbortSignal.abort())).rejects.toThrow('visibility not changed');
  expect(calls).toHaveLength(1);
});

test('what is held stays invisible, ten in one call, and for no longer than the 12 hours that SQS allows', async () => {
  const { queue, calls, clock } = aQueue();
  const holds = Array.from({ length: 10 }, (_, index) => queue.hold(message(String(index))));
  await until(() => holds.every(({ lost }) => lost.aborted));
  const [last] = calls.slice(-1);
  expect(calls[0]?.Entries.map(({ VisibilityTimeout }) => VisibilityTimeout)).toEqual(Array(10).fill(60));
  expect(last?.Entries[0]?.VisibilityTimeout).toBeLessThanOrEqual(60);
  expect(clock.now() / 1_000).toBeGreaterThan(HOURS_12_S - 120);
  expect(clock.now() / 1_000 + (last?.Entries[0]?.VisibilityTimeout ?? 0)).toBeLessThan(HOURS_12_S + 10 * 25);
});

test('what SQS has shown to somebody else is not held any more', async () => {
  const { queue, calls } = aQueue([busy('0')], [{ Id: '0', Code: 'MessageNotInflight', SenderFault: true }]);
  const { lost } = queue.hold(message('a'));
  await until(() => lost.aborted);
  expect(calls).toHaveLength(2);
});

test('what was let go is not extended', async () => {
  const { queue, calls } = aQueue();
  queue.hold(message('a')).letGo();
  await queue.remove(message('b'), never);
  expect(calls.map(({ Entries }) => Entries.map(({ ReceiptHandle }) => ReceiptHandle))).toEqual([['b']]);
});
