import { CorrectionRefused } from '../../lib/jobs/correct.ts';
import { retryJob, type Retried, type RetryDeps, type RetryOptions } from '../../lib/jobs/retry.ts';
import { UsageError } from '../context.ts';

import type { Told } from './told.ts';

/** `isNamed`: a job that a filter found may have been retried since; one that a person named should have had something to do. */
export async function retryEndedJob(
  workflowId: string,
  options: RetryOptions,
  isNamed: boolean,
  deps: RetryDeps,
): Promise<Told> {
  const retried = await retryJob(deps, workflowId, options).catch(asUsage);
  const isRetried = retried.outcome === 'retried';
  return {
    line: {
      workflow_id: workflowId,
      outcome: retried.outcome,
      job_workflow_id: isRetried ? workflowId : null,
      task: isRetried ? retried.task : null,
      error: null,
      reason: (isRetried ? retried.note : retried.reason) ?? null,
    },
    sentence: sentenceOf(retried, options),
    isDone: isRetried || (retried.outcome === 'skipped' && !isNamed),
  };
}

function asUsage(error: unknown): never {
  throw error instanceof CorrectionRefused ? new UsageError(`--body: ${error.message}`) : error;
}

function sentenceOf(retried: Retried, { render = false }: RetryOptions): string {
  switch (retried.outcome) {
    case 'skipped':
      return retried.reason;
    case 'refused':
      return `not retried: ${retried.reason}`;
    case 'retried': {
      const command = render ? 'renders anew' : 'runs its command again';
      const what = retried.task === null ? command : `goes on with ${retried.task}, without a GPU`;
      return retried.note === undefined ? what : `${what} (${retried.note})`;
    }
    default:
      return retried satisfies never;
  }
}
