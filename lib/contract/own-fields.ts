import { z } from 'zod';

import { brokerIdentity } from './identity.ts';
import { JOB_ID, MAX_TENANT_BYTES, PRIORITIES, type PriorityKey } from './names.ts';
import type { QueueMessage } from './queue-message.ts';
import { firstIssue } from './schema.ts';

/** What we add to the documented message: the body's `dqm` object, attributes, and the broker's own priority. */
export interface OwnFields {
  jobId: string | undefined;
  priority: PriorityKey | null;
  tenant: string | null;
}

/** The body wins over attributes, those over the broker's own priority; of two only the winner must be valid. */
export function readOwnFields(
  dqm: Record<string, unknown>,
  { attributes, brokerPriority }: QueueMessage,
): OwnFields | { reason: string } {
  const jobId = readField(jobIdRule(attributes.originalMessageId), 'job_id', dqm['job_id'], attributes.jobId);
  if ('reason' in jobId) return jobId;
  const priority = readField(Priority, 'priority', dqm['priority'], attributes.priority);
  if ('reason' in priority) return priority;
  const tenant = readField(Tenant, 'tenant', dqm['tenant'], attributes.tenant);
  if ('reason' in tenant) return tenant;
  return {
    jobId: jobId.value,
    priority: priority.value ?? priorityOfBroker(brokerPriority),
    tenant: tenant.value || null,
  };
}

export const OWN_FIELDS = new Set(['job_id', 'priority', 'tenant']);

/** A job's id as far as it can be read, for a message that is rejected before its other fields are. */
export function readJobId(dqm: unknown, message: QueueMessage): string | undefined {
  const inBody = typeof dqm === 'object' && dqm !== null ? (dqm as { job_id?: unknown }).job_id : undefined;
  const { jobId, originalMessageId } = message.attributes;
  const read = readField(jobIdRule(originalMessageId), 'job_id', inBody, jobId);
  return 'reason' in read ? undefined : read.value;
}

/** A dead letter of a job without an own id names it by the message's id, which may be any text. */
const jobIdRule = (originalMessageId: string | undefined): z.ZodType<string> =>
  originalMessageId === undefined ? JobId : jobIdOr(brokerIdentity(originalMessageId));

const jobIdOr = (other: string | undefined) =>
  z
    .string('must be a string')
    .refine((id) => JOB_ID.test(id) || id === other, 'must be 1 to 200 of the characters A-Za-z0-9._:-');

const JobId = jobIdOr(undefined);

/** Attributes are texts, so a number may come as one. */
const Priority = z.union(
  PRIORITIES.flatMap((name, index) => {
    const key = (index + 1) as PriorityKey;
    return [z.literal([name, String(key)]).transform(() => key), z.literal(key)];
  }),
  `must be one of ${PRIORITIES.join(', ')}, or 1 to 5`,
);

/** Becomes a fairness key, whose limit is the engine's, and a part of one line that people read. */
const Tenant = z
  .string('must be a string')
  .refine((tenant) => Buffer.byteLength(tenant) <= MAX_TENANT_BYTES, `must have at most ${MAX_TENANT_BYTES} bytes`)
  .refine((tenant) => !/[\p{Cc}\p{Surrogate}]/u.test(tenant), 'must not hold control characters');

function readField<T>(
  schema: z.ZodType<T>,
  name: string,
  inBody: unknown,
  attribute: string | undefined,
): { value: T | undefined } | { reason: string } {
  const isInBody = inBody !== undefined && inBody !== null;
  const value = isInBody ? inBody : attribute;
  if (value === undefined) return { value: undefined };
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data };
  const place = isInBody ? `dqm.${name}` : `attribute dqm_${name}`;
  return { reason: `${place}: ${firstIssue(read.error).message}` };
}

/** AMQP 0-9-1: 9-8 highest, 7-6 high, 5-4 normal, 3-2 low, 1-0 lowest. */
const priorityOfBroker = (priority: number | undefined): PriorityKey | null =>
  priority === undefined ? null : (Math.min(Math.max(5 - Math.floor(priority / 2), 1), 5) as PriorityKey);
