import {
  commandFailure,
  commandNotAllowed,
  hostStopping,
  postErrorFailure,
  postFailure,
  s3Failure,
  taskWorkerStopping,
} from '../../../activities/classify.ts';
import { InvalidTaskConfig } from '../../../lib/contract/task-configs.ts';
import { AddressRefused } from '../../../lib/postback/address-rules.ts';
import { RealityServerError } from '../../../lib/realityserver/client.ts';
import { StagingError } from '../../../lib/results/staging-error.ts';
import { NoSuchResult, StoreUnavailable } from '../../../lib/results/store.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const destination = 'http_post to https://shop.example/store/x.png';
const delivery = { destination, windowEndMs: NOW_MS + 72 * HOUR_MS, nowMs: NOW_MS };

const answered = (status: number, retryAfter?: string) => ({ status, retryAfter });
const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code });
const refused = (name: string, status: number): Error =>
  Object.assign(new Error('said no'), { name, $metadata: { httpStatusCode: status } });

test.each([408, 425, 429, 500, 502, 503, 504, 599])('an answer of %i is retried', (status) => {
  expect(postFailure(answered(status), delivery)).toMatchObject({
    type: 'TaskUnavailable',
    nonRetryable: false,
    message: `${destination} answered ${status}`,
  });
});

test.each([100, 300, 301, 302, 304, 307, 400, 401, 403, 404, 405, 409, 410, 413, 422])(
  'an answer of %i is final',
  (status) => {
    expect(postFailure(answered(status), delivery)).toMatchObject({ type: 'TaskRejected', nonRetryable: true });
  },
);

test('a redirect that was not followed says why', () => {
  expect(postFailure({ ...answered(302), redirect: 'follow_redirects is off' }, delivery).message).toBe(
    `${destination} answered 302, a redirect that is not followed: follow_redirects is off`,
  );
});

test.each([
  ['seconds', '120', 72 * HOUR_MS, 120_000],
  ['a date', 'Sun, 01 Mar 2026 12:05:00 GMT', 72 * HOUR_MS, 300_000],
  ['nothing at all', undefined, 72 * HOUR_MS, undefined],
  ['zero, which would end the retries', '0', 72 * HOUR_MS, 1],
  ['a day, which is too long', '86400', 72 * HOUR_MS, HOUR_MS],
  ['more than is left of the window', '1800', HOUR_MS / 3, HOUR_MS / 3 - 10_000],
  ['something when nearly nothing is left', '60', 5_000, 1],
])('Retry-After asking for %s', (_what, retryAfter, leftMs, delayMs) => {
  const failure = postFailure(answered(503, retryAfter), { ...delivery, windowEndMs: NOW_MS + leftMs });
  expect(failure.nextRetryDelay).toBe(delayMs);
});

test('Retry-After of a final answer changes nothing', () => {
  expect(postFailure(answered(404, '60'), delivery).nextRetryDelay).toBeUndefined();
});

test.each([
  ['ECONNREFUSED', false],
  ['ECONNRESET', false],
  ['ENOTFOUND', false],
  ['EAI_AGAIN', false],
  ['ETIMEDOUT', false],
  ['UND_ERR_CONNECT_TIMEOUT', false],
  ['UND_ERR_SOCKET', false],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', false],
  ['CERT_HAS_EXPIRED', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
  ['SELF_SIGNED_CERT_IN_CHAIN', true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', true],
  ['ERR_SSL_WRONG_VERSION_NUMBER', true],
  ['UND_ERR_INVALID_ARG', true],
])('a post that ends in %s; final: %j', (code, isFinal) => {
  expect(postErrorFailure(coded(code), { destination, verifySsl: true })).toMatchObject({
    type: isFinal ? 'TaskRejected' : 'TaskUnavailable',
    nonRetryable: isFinal,
    message: `${destination}: ${code}`,
  });
});

test('with verify_ssl off a TLS error is one like any other', () => {
  expect(postErrorFailure(coded('ERR_SSL_WRONG_VERSION_NUMBER'), { destination, verifySsl: false }).nonRetryable).toBe(
    false,
  );
});

test.each([
  ['NoSuchBucket', 404, true],
  ['AccessDenied', 403, true],
  ['InvalidAccessKeyId', 403, true],
  ['SignatureDoesNotMatch', 403, true],
  ['PermanentRedirect', 301, true],
  ['AuthorizationHeaderMalformed', 400, true],
  ['InvalidStorageClass', 400, true],
  ['EntityTooLarge', 400, true],
  ['NotImplemented', 501, true],
  ['MethodNotAllowed', 405, true],
  ['ExpiredToken', 400, false],
  ['RequestTimeout', 400, false],
  ['RequestTimeTooSkewed', 403, false],
  ['SlowDown', 503, false],
  ['TooManyRequestsException', 429, false],
  ['OperationAborted', 409, false],
  ['NoSuchUpload', 404, false],
  ['TemporaryRedirect', 307, false],
  ['InternalError', 500, false],
  ['ServiceUnavailable', 503, false],
])('S3 says %s (%i); final: %j', (name, status, isFinal) => {
  expect(s3Failure(refused(name, status), 's3_upload to s3://results/x.png')).toMatchObject({
    type: isFinal ? 'TaskRejected' : 'TaskUnavailable',
    nonRetryable: isFinal,
    message: expect.stringContaining(`s3_upload to s3://results/x.png: ${name}: said no`) as string,
  });
});

test.each([coded('ECONNREFUSED'), coded('ENOTFOUND'), new Error('socket hang up'), undefined])(
  'an S3 that does not answer is retried: %s',
  (error) => {
    expect(s3Failure(error, 's3_upload').nonRetryable).toBe(false);
  },
);

test('a bucket in another region says what to do', () => {
  expect(s3Failure(refused('PermanentRedirect', 301), 's3_upload').message).toContain("set the task's region");
});

test.each([
  [new InvalidTaskConfig('config.bucket: is required'), 'TaskRejected'],
  [new AddressRefused('169.254.169.254 is a link-local address'), 'TaskRejected'],
  [new NoSuchResult('file:///x is gone'), 'TaskRejected'],
  [new StoreUnavailable('result store /srv: EIO'), 'TaskUnavailable'],
])('%s is the same to each task: %s', (error, type) => {
  for (const failure of [s3Failure(error, 'it'), postErrorFailure(error, { destination: 'it', verifySsl: true })]) {
    expect(failure).toMatchObject({
      type,
      nonRetryable: type === 'TaskRejected',
      message: `it: ${error.message}`,
      cause: error,
    });
  }
});

test('a failure that was classified stays as it is', () => {
  const failure = taskWorkerStopping('it');
  expect(s3Failure(failure, 'it')).toBe(failure);
  expect(failure).toMatchObject({ type: 'TaskUnavailable', nonRetryable: false, nextRetryDelay: 1 });
});

const first = { host: 'gpu-07', failures: 1, attempts: 3 };
const last = { host: 'gpu-07', failures: 3, attempts: 3 };

test.each([
  [new RealityServerError('HostFault', 'connection refused'), 'HostFault', false, false],
  [new RealityServerError('CommandFailed', 'no such scene'), 'CommandFailed', false, true],
  [new RealityServerError('UnexpectedResult', 'text/html'), 'UnexpectedResult', false, true],
  [new RealityServerError('BadRequest', 'unknown command'), 'BadRequest', true, true],
  [new StagingError('ENOSPC'), 'HostFault', false, false],
  [new StoreUnavailable('EIO'), 'HostFault', false, false],
  [new NoSuchResult('the body is gone'), 'CommandFailed', true, true],
  [new Error('anything else'), 'CommandFailed', false, true],
])('a command that ends in %s is a %s; final at first: %j, at the last attempt: %j', (error, type, atFirst, atLast) => {
  expect(commandFailure(error, first)).toMatchObject({
    type,
    nonRetryable: atFirst,
    message: `${error.message} (on gpu-07)`,
    details: [{ host: 'gpu-07' }],
  });
  expect(commandFailure(error, last)).toMatchObject({ type, nonRetryable: atLast });
});

const errors = [
  { match: /licen[cs]e/, class: 'host_fault' },
  { match: /no such scene/, class: 'final' },
  { match: /scene/, class: 'retry' },
] as const;

test.each([
  ['no licence left', 'HostFault', false, 1],
  ['no such scene', 'CommandFailed', true, 1_000],
  ['the scene is busy', 'CommandFailed', false, 1_000],
  ['anything else', 'CommandFailed', false, 1_000],
])('an error that says "%s" means what the host’s file says: %s, final: %j', (said, type, isFinal, delayMs) => {
  const error = new RealityServerError('CommandFailed', `render_scene failed on http://gpu: ${said}`, { said });
  expect(commandFailure(error, { ...first, errors })).toMatchObject({
    type,
    nonRetryable: isFinal,
    nextRetryDelay: delayMs,
  });
});

test('only what the server said is looked at, not what we say around it, and only of commands’ errors', () => {
  const error = new RealityServerError('CommandFailed', 'licence_check failed on http://gpu: no', { said: 'no' });
  expect(commandFailure(error, { ...first, errors }).type).toBe('CommandFailed');
  const page = new RealityServerError('UnexpectedResult', 'answered with nothing: licence');
  expect(commandFailure(page, { ...first, errors }).type).toBe('UnexpectedResult');
});

test.each([
  ['a refused connection', new RealityServerError('HostFault', 'connection refused'), 1],
  ['a full disk', new StagingError('ENOSPC'), 1],
  ['a store that is away', new StoreUnavailable('EIO'), 5_000],
  ['an error of the command', new RealityServerError('CommandFailed', 'no such scene'), 1_000],
])('after %s another host tries when it may help', (_what, error, delayMs) => {
  expect(commandFailure(error, first).nextRetryDelay).toBe(delayMs);
});

test('a command that a host does not allow is final', () => {
  expect(commandNotAllowed('render_product', 'gpu-07')).toMatchObject({
    type: 'CommandNotAllowed',
    nonRetryable: true,
  });
});

test('a stopping host gives its command away at once, or keeps it for its restart when the result is complete', () => {
  expect(hostStopping('gpu-07', false)).toMatchObject({ type: 'HostFault', nonRetryable: false, nextRetryDelay: 1 });
  expect(hostStopping('gpu-07', true)).toMatchObject({
    type: 'HostFault',
    nonRetryable: false,
    nextRetryDelay: 300_000,
  });
});
