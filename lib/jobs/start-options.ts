import type { SearchAttributePair } from '@temporalio/common';

import type { JobInput, JobMemo } from '../contract/job-input.ts';
import { JOBS_TASK_QUEUE } from '../contract/names.ts';
import { DqmMessageId, DqmQueue, DqmState, DqmTenant } from '../contract/search-attributes.ts';

/** What every start of a job's workflow says, a retry's too; whether one of its id may exist is the starter's to say. */
export const startOptions = (input: JobInput, workflowId: string, memo: JobMemo) => ({
  workflowId,
  workflowIdConflictPolicy: 'FAIL' as const,
  taskQueue: JOBS_TASK_QUEUE,
  args: [input],
  memo,
  typedSearchAttributes: attributesOf(input),
  staticSummary: summaryOf(input),
  priority: {
    ...(input.priority !== null && { priorityKey: input.priority }),
    ...(input.tenant !== null && { fairnessKey: input.tenant }),
  },
});

const summaryOf = ({ tenant, command, queue }: JobInput): string =>
  [tenant, command, queue].filter((part) => part !== null).join(' · ');

function attributesOf({ queue, tenant, messageId }: JobInput): SearchAttributePair[] {
  return [
    { key: DqmQueue, value: queue },
    { key: DqmState, value: 'waiting' },
    ...(tenant === null ? [] : [{ key: DqmTenant, value: tenant }]),
    ...messageIdAttribute(messageId),
  ];
}

/** What a keyword may hold in an engine's SQL database. Any other message is found by its job. */
const MAX_KEYWORD_BYTES = 255;

export const messageIdAttribute = (messageId: string | null): SearchAttributePair[] =>
  messageId === null || Buffer.byteLength(messageId) > MAX_KEYWORD_BYTES
    ? []
    : [{ key: DqmMessageId, value: messageId }];
