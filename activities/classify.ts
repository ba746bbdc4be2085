import { ApplicationFailure } from '@temporalio/activity';

import type { CommandConfig } from '../lib/config/config.ts';
import { InvalidTaskConfig } from '../lib/contract/task-configs.ts';
import { withoutStack, type FailureType } from '../lib/contract/failures.ts';
import { errorText } from '../lib/log.ts';
import { AddressRefused } from '../lib/postback/address-rules.ts';
import type { PostAnswer } from '../lib/postback/post.ts';
import { retryAfterMs } from '../lib/postback/retry-after.ts';
import { RealityServerError } from '../lib/realityserver/client.ts';
import { s3ErrorOf, s3ErrorText } from '../lib/results/s3-errors.ts';
import { StagingError } from '../lib/results/staging-error.ts';
import { NoSuchResult, StoreUnavailable } from '../lib/results/store.ts';

import { CommandStalled } from './command-bounds.ts';

/** The one table of what is retried and what is final. */

// ——— commands ———

export interface CommandAttempt {
  host: string;
  /** Attempts that the command has failed so far, this one included; faults of hosts do not count. */
  failures: number;
  /** As many as the job may have. */
  attempts: number;
  errors?: ErrorRules;
  /** It broke several hosts: they get the time to show that they are in order. */
  isWorthLooking?: boolean;
}

/** Each `<user error>` of a command: what the server's own words mean. The first that matches decides. */
export type ErrorRules = CommandConfig['errors'];

const AT_ONCE_MS = 1;
/** A host rests a little longer after a failed command (`host-health.ts`): an idle healthy one wins. */
const COMMAND_RETRY_MS = 1_000;
/** The store, or the body of the message in it: no other host fares better. */
const STORE_RETRY_MS = 5_000;
/** A RealityServer is up again by then, and its worker has told the engine so. */
const SUSPECT_RETRY_MS = 30_000;

/**
 * A fault of a host is retried without end, at once on another host; a command's own failure until its attempts are used
 * up. The policy's own intervals grow with faults too, so each failure says when.
 */
export function commandFailure(
  error: unknown,
  { host, failures, attempts, errors = [], isWorthLooking = false }: CommandAttempt,
): ApplicationFailure {
  const { type, isFinal, retryMs } = commandOutcome(error, errors);
  const gaveUp = type !== 'HostFault' && failures >= attempts;
  return failure(type, `${errorText(error)} (on ${host})`, {
    nonRetryable: isFinal || gaveUp,
    nextRetryDelayMs: isWorthLooking ? Math.max(retryMs, SUSPECT_RETRY_MS) : retryMs,
    cause: error,
    details: [{ host }],
  });
}

interface CommandOutcome {
  type: FailureType;
  isFinal: boolean;
  retryMs: number;
}

function commandOutcome(error: unknown, errors: ErrorRules): CommandOutcome {
  const hostFault = (retryMs: number): CommandOutcome => ({ type: 'HostFault', isFinal: false, retryMs });
  const own = (type: FailureType, isFinal = false): CommandOutcome => ({ type, isFinal, retryMs: COMMAND_RETRY_MS });
  if (error instanceof RealityServerError) {
    const { said = '', type } = error;
    const meant = type === 'CommandFailed' ? errors.find(({ match }) => match.test(said))?.class : undefined;
    if (meant === 'host_fault' || type === 'HostFault') return hostFault(AT_ONCE_MS);
    return own(type, meant === 'final' || type === 'BadRequest');
  }
  if (error instanceof StagingError) return hostFault(AT_ONCE_MS);
  if (error instanceof StoreUnavailable) return hostFault(STORE_RETRY_MS);
  if (error instanceof CommandStalled) return own('Stalled');
  // The body of the message: no attempt will find it again.
  if (error instanceof NoSuchResult) return own('CommandFailed', true);
  return own('CommandFailed');
}

/** The hosts are in order, or there are too many of them: it must be the job. */
export const jobIsSuspect = (command: string, { what, hosts }: { what: string; hosts: readonly string[] }) =>
  failure('HostFault', `${command} ${what}: ${hosts.join(', ')}`, {
    nonRetryable: true,
    details: [{ host: hosts.at(-1) }],
  });

/** A render host obeys its own file. */
export const commandNotAllowed = (command: string, host: string): ApplicationFailure =>
  failure('CommandNotAllowed', `${command} is not in the allow_command list of ${host}`, {
    nonRetryable: true,
    details: [{ host }],
  });

/** Longer than a restart takes: a process that comes back publishes its complete results before it polls. */
const AFTER_RESTART_MS = 300_000;

/** A stopping host hands its command to another; with a complete result on its disk it gets the time to come back. */
export const hostStopping = (host: string, isComplete: boolean): ApplicationFailure =>
  failure('HostFault', isComplete ? `${host} stopped before its result was stored` : `${host} is stopping`, {
    nextRetryDelayMs: isComplete ? AFTER_RESTART_MS : AT_ONCE_MS,
    details: [{ host }],
  });

/** A host that was paused hands what its last poll brought to another, or back to the queue. */
export const hostPaused = (host: string, by: string): ApplicationFailure =>
  failure('HostFault', `${host} is paused by ${by}`, { nextRetryDelayMs: AT_ONCE_MS, details: [{ host }] });

/** Called while another command was on the GPU, which then did not become free: any host that is may have it. */
export const calledTooSoon = (host: string): ApplicationFailure =>
  failure('HostFault', `the GPU of ${host} did not become free as soon as it had seemed`, {
    nextRetryDelayMs: AT_ONCE_MS,
    details: [{ host }],
  });

// ——— chains ———

/** The store is asked again until it answers; what is gone from it stays gone. */
export const chainFailure = (error: unknown): ApplicationFailure =>
  error instanceof ApplicationFailure
    ? error
    : failure(error instanceof NoSuchResult ? 'CommandFailed' : 'HostFault', errorText(error), {
        nonRetryable: error instanceof NoSuchResult,
        cause: error,
      });

export const parametersTooLarge = (characters: number, most: number): ApplicationFailure =>
  failure('BadMessage', `parameters: have ${characters} characters, a chain takes ${most} at most`, {
    nonRetryable: true,
  });

// ——— tasks ———

/** Where a task delivers, and until when it may be retried. */
export interface Delivery {
  /** Completes "http_post to …": no user info, no query. */
  destination: string;
  /** Of the wall clock; undefined without a window. */
  windowEndMs: number | undefined;
  nowMs: number;
}

const COME_BACK = [408, 425, 429];

/** An answer other than 2xx is final unless its status says to come back. */
export function postFailure({ status, retryAfter, redirect }: PostAnswer, delivery: Delivery): ApplicationFailure {
  const comeBack = status >= 500 || COME_BACK.includes(status);
  const why = redirect === undefined ? '' : `, a redirect that is not followed: ${redirect}`;
  const delayMs = comeBack ? retryAfterMs(retryAfter, delivery.nowMs) : undefined;
  return failure(comeBack ? 'TaskUnavailable' : 'TaskRejected', `${delivery.destination} answered ${status}${why}`, {
    nonRetryable: !comeBack,
    ...(delayMs !== undefined && { nextRetryDelayMs: delayWithin(delayMs, delivery) }),
  });
}

/** No answer. A refused address is final, and a TLS error where certificates are verified; anything else may pass. */
export function postErrorFailure(
  error: unknown,
  { destination, verifySsl }: Pick<Delivery, 'destination'> & { verifySsl: boolean },
): ApplicationFailure {
  const ours = deliveryFailure(error, destination);
  if (ours) return ours;
  const isFinal = isOurRequest(error) || (verifySsl && isTlsError(error));
  return failure(isFinal ? 'TaskRejected' : 'TaskUnavailable', `${destination}: ${errorText(error)}`, {
    nonRetryable: isFinal,
    cause: error,
  });
}

/** A user's own task says it by the class of what it throws, of whichever copy of the package; anything else may pass. */
export function userTaskFailure(error: unknown, delivery: Delivery): ApplicationFailure {
  const { destination } = delivery;
  const ours = deliveryFailure(error, destination);
  if (ours) return ours;
  const { name, retryAfterMs: delayMs } = (error ?? {}) as { name?: unknown; retryAfterMs?: unknown };
  const isFinal = name === 'TaskRejected';
  return failure(isFinal ? 'TaskRejected' : 'TaskUnavailable', `${destination}: ${errorText(error)}`, {
    nonRetryable: isFinal,
    ...(typeof delayMs === 'number' && { nextRetryDelayMs: delayWithin(delayMs, delivery) }),
    cause: error,
  });
}

/** A "no" of S3 (4xx) is final unless it comes from a clock, a rate or a credential that will be renewed. */
export function s3Failure(error: unknown, destination: string): ApplicationFailure {
  const ours = deliveryFailure(error, destination);
  if (ours) return ours;
  const { name, status } = s3ErrorOf(error);
  const isFinal = status !== undefined && isS3Refusal(name, status);
  const hint = S3_HINTS.get(name) ?? '';
  return failure(isFinal ? 'TaskRejected' : 'TaskUnavailable', `${destination}: ${s3ErrorText(error)}${hint}`, {
    nonRetryable: isFinal,
    cause: error,
  });
}

const S3_COMES_BACK = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'OperationAborted',
  'ConditionalRequestConflict',
  // Parts that an expiry rule or another process took away: the next attempt begins anew.
  'NoSuchUpload',
]);
const S3_STATUS_COMES_BACK = [307, 408, 409, 425, 429];
const NOT_IMPLEMENTED = 501;

function isS3Refusal(name: string, status: number): boolean {
  if (S3_COMES_BACK.has(name) || S3_STATUS_COMES_BACK.includes(status)) return false;
  return status === NOT_IMPLEMENTED || (status >= 300 && status < 500);
}

const ANOTHER_REGION = " (the bucket is in another region: set the task's region)";
const S3_HINTS = new Map([
  ['PermanentRedirect', ANOTHER_REGION],
  ['AuthorizationHeaderMalformed', ANOTHER_REGION],
  ['IllegalLocationConstraintException', ANOTHER_REGION],
]);

/** Another worker takes the task over at once. */
export const taskWorkerStopping = (destination: string): ApplicationFailure =>
  failure('TaskUnavailable', `${destination}: this worker is stopping`, { nextRetryDelayMs: AT_ONCE_MS });

const SOON_MS = 200;

/** The failure webhook tells of a job's ending, which takes a moment more. */
export const notClosedYet = (workflowId: string): ApplicationFailure =>
  failure('TaskUnavailable', `${workflowId} has not closed yet`, { nextRetryDelayMs: SOON_MS });

/** The task itself, or what it was to deliver; undefined for whatever the destination or the way to it says. */
export function deliveryFailure(error: unknown, destination: string): ApplicationFailure | undefined {
  const failed = (type: FailureType): ApplicationFailure =>
    failure(type, `${destination}: ${errorText(error)}`, { nonRetryable: type === 'TaskRejected', cause: error });
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof InvalidTaskConfig || error instanceof AddressRefused) return failed('TaskRejected');
  if (error instanceof NoSuchResult) return failed('TaskRejected');
  if (error instanceof StoreUnavailable) return failed('TaskUnavailable');
  return undefined;
}

const HOUR_MS = 3_600_000;
/** For the last attempt: a delay that ends with the window would never let it start. */
const LAST_ATTEMPT_MS = 10_000;

/** 0, and a delay beyond the window's end, would end the retries at once. */
function delayWithin(delayMs: number, { windowEndMs, nowMs }: Delivery): number {
  const leftMs = windowEndMs === undefined ? HOUR_MS : windowEndMs - nowMs - LAST_ATTEMPT_MS;
  return Math.max(Math.min(delayMs, HOUR_MS, leftMs), 1);
}

/** Codes of Node and OpenSSL; a handshake that took too long says nothing about a certificate. */
const TLS_CODES =
  /^(ERR_TLS_(?!HANDSHAKE_TIMEOUT)|ERR_SSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$)/;

const isTlsError = (error: unknown): boolean => TLS_CODES.test(codeOf(error));

/** A header that cannot be sent will not be sendable later. */
const isOurRequest = (error: unknown): boolean =>
  ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'].includes(codeOf(error));

const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
};

interface FailureOptions {
  nonRetryable?: boolean;
  /** Instead of the retry policy's own. */
  nextRetryDelayMs?: number;
  details?: unknown[];
  cause?: unknown;
}

const failure = (
  type: FailureType,
  message: string,
  { nonRetryable = false, nextRetryDelayMs, details, cause }: FailureOptions = {},
): ApplicationFailure =>
  withoutStack(
    ApplicationFailure.create({
      type,
      message,
      nonRetryable,
      ...(nextRetryDelayMs !== undefined && { nextRetryDelay: nextRetryDelayMs }),
      ...(details && { details }),
      ...(cause instanceof Error && { cause }),
    }),
  );
