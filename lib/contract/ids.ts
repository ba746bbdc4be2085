import { createHash } from 'node:crypto';

/** Temporal's limit for a workflow id, in bytes (`limit.maxIDLength` of a default server). */
const MAX_WORKFLOW_ID_BYTES = 255;
const KEPT_BYTES = 230;
const HASH_DIGITS = 16;

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** A redelivered message names the workflow it already started. `job/<queue>/<identity>`, at most 255 bytes. */
export const workflowIdFor = (queue: string, identity: string): string => fitted(`job/${queue}/${identity}`);

/** A message without an id is held under a hash of its body: `rejected/<queue>/<message id or 16 hex>`. */
export const rejectedWorkflowId = (queue: string, messageId: string | null, body: Uint8Array): string =>
  fitted(`rejected/${queue}/${messageId ?? shortHash(body)}`);

/** For another message that comes while the workflow of its id is open with other bytes. */
export const rejectedWorkflowIdBeside = (queue: string, messageId: string | null, body: Uint8Array): string =>
  fitted(`rejected/${queue}/${messageId ?? shortHash(body)}~${shortHash(body)}`);

/** Tells the failure webhook of one rejected message: the same message again is the same report. */
export const rejectedReportId = (queue: string, messageId: string | null, body: Uint8Array): string =>
  fitted(`failure-webhook/${queue}/${messageId ?? ''}~${shortHash(body)}`);

export const shortHash = (data: string | Uint8Array): string => sha256(data).slice(0, HASH_DIGITS);

function fitted(id: string): string {
  const bytes = Buffer.from(id);
  if (bytes.length <= MAX_WORKFLOW_ID_BYTES) return id;
  return `${cutToBytes(bytes, KEPT_BYTES)}~${shortHash(id)}`;
}

/** The first `max` bytes, without the half of a character that a cut may leave. */
function cutToBytes(bytes: Buffer, max: number): string {
  let end = max;
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return bytes.subarray(0, end).toString();
}
