import { retryRejected, type RetriedRejected } from '../bridges/rejected-message.ts';
import { createS3 } from '../lib/aws.ts';
import { findJob } from '../lib/jobs/find.ts';
import { createResultStore } from '../lib/results/open-store.ts';

import { UsageError, type Context } from './context.ts';
import { EXIT_FAILED } from './exit.ts';
import { jsonLine, type Output } from './output/output.ts';
import { intakeOf } from './parts/intake.ts';
import { readInput } from './read-input.ts';
import { withClient } from './with-client.ts';

export interface RetryOptions {
  /** A file, or `-` for standard input. */
  body?: string;
}

/** `dqm retry ID…`: rejected messages go through intake again. Exit code 1 when one would be rejected again. */
export async function retry(context: Context, ids: readonly string[], options: RetryOptions): Promise<void> {
  const { config, log } = context;
  if (options.body !== undefined && ids.length > 1)
    throw new UsageError('--body corrects one message, and there are several');
  const corrected = options.body === undefined ? undefined : await readInput(options.body);
  const s3 = createS3(config.aws);
  try {
    await withClient(context, async ({ client, queues, output }) => {
      const store = createResultStore(config.dqm.resultStore, { s3 });
      const { intake } = intakeOf({ client, config, store, log });
      for (const id of ids) {
        const workflowId = await findJob(client, id, queues);
        tell(workflowId, await retryRejected(workflowId, corrected, { client, intake, store }), output);
      }
    });
  } finally {
    s3.destroy();
  }
}

function tell(workflowId: string, verdict: RetriedRejected, output: Output): void {
  const { outcome } = verdict;
  if (outcome === 'rejected') process.exitCode = EXIT_FAILED;
  const job = outcome === 'rejected' ? null : verdict.workflowId;
  const error = outcome === 'rejected' ? { type: verdict.type, message: verdict.reason } : null;
  if (output.json) output.write(jsonLine({ workflow_id: workflowId, outcome, job_workflow_id: job, error }));
  else output.write(`${workflowId}: ${sentence(verdict)}\n`);
}

function sentence(verdict: RetriedRejected): string {
  switch (verdict.outcome) {
    case 'started':
      return `became ${verdict.workflowId}`;
    case 'duplicate':
      return `nothing started, ${verdict.workflowId} came from the same content`;
    case 'rejected':
      return `stays held, it would be rejected again, ${verdict.type}: ${verdict.reason}`;
    default:
      return verdict satisfies never;
  }
}
