import { SQSServiceException } from '@aws-sdk/client-sqs';

import { isFinalSqsError, shownUrl, sqsAdvice } from '../../../../bridges/sqs/errors.ts';

const answered = (name: string, httpStatusCode: number): Error =>
  new SQSServiceException({ name, message: 'no', $fault: 'client', $metadata: { httpStatusCode } });

test.each([
  ['QueueDoesNotExist', 400, 'see url'],
  ['AccessDenied', 403, 'may not do that'],
  ['InvalidClientTokenId', 403, 'see access_key_id'],
  ['SignatureDoesNotMatch', 403, 'see access_key_id'],
  ['InvalidParameterValue', 400, 'InvalidParameterValue: no'],
])('%s is final', (name, status, advice) => {
  expect(isFinalSqsError(answered(name, status))).toBe(true);
  expect(sqsAdvice(answered(name, status))).toContain(advice);
});

test.each([
  ['ThrottlingException', 400],
  ['RequestThrottled', 403],
  ['OverLimit', 403],
  ['ExpiredTokenException', 403],
  ['ServiceUnavailable', 503],
  ['InternalError', 500],
  ['TooManyRequests', 429],
])('%s passes', (name, status) => expect(isFinalSqsError(answered(name, status))).toBe(false));

test('no credentials at all, or no region, is final; a connection that is refused passes', () => {
  expect(isFinalSqsError(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }))).toBe(true);
  expect(isFinalSqsError(new Error('Region is missing'))).toBe(true);
  expect(isFinalSqsError(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toBe(false);
});

test('an address is shown without what may be secret', () => {
  expect(shownUrl('https://user:pass@sqs.example/1/q?token=x')).toBe('https://sqs.example/1/q');
});
