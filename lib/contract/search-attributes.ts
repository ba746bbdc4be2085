import { defineSearchAttributeKey, type SearchAttributeType } from '@temporalio/common';

/** What `dqm jobs` and Temporal's UI can filter by. `dqm setup` adds them to a namespace. */
export const DqmQueue = defineSearchAttributeKey('DqmQueue', 'KEYWORD');
export const DqmState = defineSearchAttributeKey('DqmState', 'KEYWORD');
export const DqmTenant = defineSearchAttributeKey('DqmTenant', 'KEYWORD');
export const DqmMessageId = defineSearchAttributeKey('DqmMessageId', 'KEYWORD');
/** The render host whose command gave the result, or failed last. */
export const DqmHost = defineSearchAttributeKey('DqmHost', 'KEYWORD');
/** A failure type. */
export const DqmError = defineSearchAttributeKey('DqmError', 'KEYWORD');
/** Seconds of the command that gave the result. */
export const DqmGpuSeconds = defineSearchAttributeKey('DqmGpuSeconds', 'DOUBLE');

export const SEARCH_ATTRIBUTES: readonly { name: string; type: SearchAttributeType }[] = [
  DqmQueue,
  DqmState,
  DqmTenant,
  DqmMessageId,
  DqmHost,
  DqmError,
  DqmGpuSeconds,
];
