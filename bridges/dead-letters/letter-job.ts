import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { sha256, workflowIdFor } from '../../lib/contract/ids.ts';
import type { JobMemo } from '../../lib/contract/job-input.ts';
import type { JobRow } from '../../lib/jobs/job-view.ts';
import { jobRow } from '../../lib/jobs/row.ts';

import type { HeldLetter } from './dead-letter-queue.ts';

export interface LetterJob {
  row: JobRow;
  /** The job came from this very message, corrected since perhaps: an identity conflict names a job of another one. */
  isOfThisMessage: boolean;
}

/** The job that a dead letter names, by its latest run; undefined when it names none, or one that never was. */
export async function jobOfLetter(client: Client, { message }: HeldLetter): Promise<LetterJob | undefined> {
  const { queue, attributes, body } = message;
  if (attributes.jobId === undefined) return undefined;
  try {
    const info = await client.workflow.getHandle(workflowIdFor(queue, attributes.jobId)).describe();
    const memo: Partial<JobMemo> = info.memo ?? {};
    const row = jobRow(info, { uiUrl: null, namespace: client.options.namespace });
    return { row, isOfThisMessage: memo.content_hash === sha256(body) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
