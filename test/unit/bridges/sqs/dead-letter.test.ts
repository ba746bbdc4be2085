import { NoSuchTarget } from '../../../../bridges/dead-letters/dead-letter.ts';
import { sqsDeadLetter } from '../../../../bridges/sqs/dead-letter.ts';
import type { BrokerValue } from '../../../../lib/contract/job-input.ts';
import { aDeadLetter, type DeadLetterChanges } from '../../../support/a-dead-letter.ts';

const URL = 'http://127.0.0.1:4566/000000000000/renders-dead';

const fromSqs = (attributes: Record<string, BrokerValue>, changes: DeadLetterChanges = {}) =>
  aDeadLetter({ envelope: { transport: 'sqs', attributes, groupId: 'shop-7' }, ...changes });

test('a dead letter is the body, its attributes and our marks', () => {
  expect(sqsDeadLetter(URL, fromSqs({ origin: { type: 'String', value: 'shop' } }))).toEqual({
    QueueUrl: URL,
    MessageGroupId: 'shop-7',
    MessageBody: '{',
    MessageAttributes: {
      origin: { DataType: 'String', StringValue: 'shop' },
      dqm_error_type: { DataType: 'String', StringValue: 'CommandFailed' },
      dqm_error: { DataType: 'String', StringValue: 'no such scene' },
      dqm_job_id: { DataType: 'String', StringValue: 'chair-1' },
      dqm_message_id: { DataType: 'String', StringValue: 'm-1' },
    },
  });
});

test('marks of an earlier failure give way to the new ones', () => {
  const letter = fromSqs({
    dqm_error: { type: 'String', value: 'old' },
    dqm_message_id: { type: 'String', value: 'm-1' },
  });
  expect(sqsDeadLetter(URL, letter).MessageAttributes?.['dqm_error']?.StringValue).toBe('no such scene');
});

test('an id that is not known is no mark', () => {
  const { MessageAttributes } = sqsDeadLetter(URL, fromSqs({}, { jobId: undefined, messageId: null }));
  expect(Object.keys(MessageAttributes ?? {})).toEqual(['dqm_error_type', 'dqm_error']);
});

test('a FIFO queue gets the group, no second copy of one failure, and each of two', () => {
  const letter = (occurrence: string) => sqsDeadLetter(`${URL}.fifo`, fromSqs({}, { occurrence }));
  expect(letter('run-1')).toMatchObject({ MessageGroupId: 'shop-7' });
  expect(letter('run-1').MessageDeduplicationId).toBe(letter('run-1').MessageDeduplicationId);
  expect(letter('run-1').MessageDeduplicationId).not.toBe(letter('run-2').MessageDeduplicationId);
});

test('a reason is one line of what SQS takes, and never empty', () => {
  const reason = (message: string) =>
    sqsDeadLetter(URL, fromSqs({}, { error: { type: 'CommandFailed', message } })).MessageAttributes?.['dqm_error']
      ?.StringValue;
  expect(reason('no\nscene\u0000\uffff')).toBe('no\uFFFDscene\uFFFD\uFFFD');
  expect(reason('')).toBe('CommandFailed');
});

const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, { type: 'String', value: 'x' }]));

test('six attributes leave room for four marks, seven do not', () => {
  expect(Object.keys(sqsDeadLetter(URL, fromSqs(attributes(6))).MessageAttributes ?? {})).toHaveLength(10);
  expect(() => sqsDeadLetter(URL, fromSqs(attributes(7)))).toThrow(NoSuchTarget);
});

test('the reason is shortened first, to whole characters; where not even that helps there is no room', () => {
  const error = { type: 'CommandFailed', message: 'ü'.repeat(400) };
  const room = (bytes: number) => fromSqs({}, { error, body: 'x'.repeat(1_048_576 - bytes) });
  const letter = sqsDeadLetter(URL, room(400));
  const shortened = letter.MessageAttributes?.['dqm_error']?.StringValue ?? '';
  expect(shortened).toMatch(/^ü{40,}$/);
  const size = Object.entries(letter.MessageAttributes ?? {}).reduce(
    (sum, [name, { DataType, StringValue }]) => sum + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    letter.MessageBody?.length ?? 0,
  );
  expect(size).toBeLessThanOrEqual(1_048_576);
  expect(size).toBeGreaterThan(1_048_570);
  expect(() => sqsDeadLetter(URL, room(120))).toThrow(NoSuchTarget);
});
