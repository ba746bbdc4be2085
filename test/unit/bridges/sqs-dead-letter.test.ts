import { NoSuchTarget, type Rejected } from '../../../bridges/dead-letter.ts';
import { sqsDeadLetter } from '../../../bridges/sqs-dead-letter.ts';
import type { BrokerValue } from '../../../lib/contract/job-input.ts';
import { aMessage } from '../../support/a-message.ts';

const URL = 'http://127.0.0.1:4566/000000000000/renders-dead';

const aRejection = (changes: Partial<Rejected> = {}): Rejected => ({
  outcome: 'rejected',
  type: 'BadMessage',
  reason: 'body: is not JSON',
  jobId: 'chair-1',
  messageId: 'm-1',
  ...changes,
});

const fromSqs = (attributes: Record<string, BrokerValue>, body = '{') =>
  aMessage({ body, envelope: { transport: 'sqs', attributes, groupId: 'shop-7' } });

test('a dead letter is the body, its attributes and our marks', () => {
  expect(sqsDeadLetter(URL, fromSqs({ origin: { type: 'String', value: 'shop' } }), aRejection())).toEqual({
    QueueUrl: URL,
    MessageBody: '{',
    MessageAttributes: {
      origin: { DataType: 'String', StringValue: 'shop' },
      dqm_error_type: { DataType: 'String', StringValue: 'BadMessage' },
      dqm_error: { DataType: 'String', StringValue: 'body: is not JSON' },
      dqm_job_id: { DataType: 'String', StringValue: 'chair-1' },
      dqm_message_id: { DataType: 'String', StringValue: 'm-1' },
    },
  });
});

test('marks of an earlier rejection give way to the new ones', () => {
  const message = fromSqs({
    dqm_error: { type: 'String', value: 'old' },
    dqm_message_id: { type: 'String', value: 'm-1' },
  });
  expect(sqsDeadLetter(URL, message, aRejection()).MessageAttributes?.['dqm_error']?.StringValue).toBe(
    'body: is not JSON',
  );
});

test('an id that is not known is no mark', () => {
  const { MessageAttributes } = sqsDeadLetter(URL, fromSqs({}), aRejection({ jobId: undefined, messageId: null }));
  expect(Object.keys(MessageAttributes ?? {})).toEqual(['dqm_error_type', 'dqm_error']);
});

test('a FIFO queue gets the group, and no second copy of one rejection', () => {
  const letters = [0, 1].map(() => sqsDeadLetter(`${URL}.fifo`, fromSqs({}), aRejection()));
  expect(letters[0]).toMatchObject({ MessageGroupId: 'shop-7' });
  expect(letters[0]?.MessageDeduplicationId).toBe(letters[1]?.MessageDeduplicationId);
});

const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, { type: 'String', value: 'x' }]));

test('six attributes leave room for four marks, seven do not', () => {
  expect(Object.keys(sqsDeadLetter(URL, fromSqs(attributes(6)), aRejection()).MessageAttributes ?? {})).toHaveLength(
    10,
  );
  expect(() => sqsDeadLetter(URL, fromSqs(attributes(7)), aRejection())).toThrow(NoSuchTarget);
});

test('the reason is shortened first, to whole characters; where not even that helps there is no room', () => {
  const reason = 'ü'.repeat(400);
  const room = (bytes: number) => fromSqs({}, 'x'.repeat(1_048_576 - bytes));
  const letter = sqsDeadLetter(URL, room(400), aRejection({ reason }));
  const shortened = letter.MessageAttributes?.['dqm_error']?.StringValue ?? '';
  expect(shortened).toMatch(/^ü{40,}$/);
  const size = Object.entries(letter.MessageAttributes ?? {}).reduce(
    (sum, [name, { DataType, StringValue }]) => sum + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    letter.MessageBody?.length ?? 0,
  );
  expect(size).toBeLessThanOrEqual(1_048_576);
  expect(size).toBeGreaterThan(1_048_570);
  expect(() => sqsDeadLetter(URL, room(120), aRejection({ reason }))).toThrow(NoSuchTarget);
});
