import { SQSServiceException, type BatchResultErrorEntry } from '@aws-sdk/client-sqs';

/** Client faults that pass: too much at once, a clock or a session that is mended from outside. */
const PASSING =
  /Throttl|TooManyRequests|RequestTimeout|RequestExpired|ExpiredToken|KmsThrottled|OverLimit|SlowDown|RequestLimit/i;
/** What the SDK says before it sends anything, and cannot say otherwise the next time. */
const MISCONFIGURED = /^(CredentialsProviderError|TokenProviderError)$|Region is missing/;

/** SQS's answer for one entry of a batch. */
export class EntryRefused extends Error {
  readonly isFinal: boolean;
  constructor(what: string, { Code, Message, SenderFault = false }: BatchResultErrorEntry) {
    super(`${what}: ${Code}${Message === undefined ? '' : ` ${Message}`}`);
    this.isFinal = SenderFault;
  }
}

/** Of a batch whose entries have their index as id. */
export const refusals = (what: string, failed: BatchResultErrorEntry[] = []): [index: number, error: Error][] =>
  failed.map((entry) => [Number(entry.Id), new EntryRefused(what, entry)]);

/** The request is at fault, or who asks: no waiting mends it. */
export function isFinalSqsError(error: unknown): boolean {
  if (error instanceof EntryRefused) return error.isFinal;
  if (!(error instanceof Error)) return false;
  if (MISCONFIGURED.test(error.name) || MISCONFIGURED.test(error.message)) return true;
  if (!(error instanceof SQSServiceException) || PASSING.test(error.name)) return false;
  const { httpStatusCode: status = 500 } = error.$metadata;
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Without user info and query, where a secret might stand. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

export const isAccessDenied = (error: unknown): boolean =>
  error instanceof SQSServiceException && error.name.startsWith('AccessDenied');

/** What a person needs to hear of a final error: which directive to look at. */
export function sqsAdvice(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = `${error.name}: ${error.message}`;
  if (/QueueDoesNotExist|NonExistentQueue/.test(text)) return `there is no such queue, see url (${text})`;
  if (isAccessDenied(error)) return `these credentials may not do that (${text})`;
  if (/Credentials|Token|AccessKey|Signature|Security/i.test(text)) {
    return `SQS refuses the credentials, see access_key_id, profile or the AWS chain (${text})`;
  }
  if (/Region/.test(text)) return `set region in <user aws> (${text})`;
  return text;
}
