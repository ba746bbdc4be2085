import { WorkflowNotFoundError } from '@temporalio/client';

import { judgeRun } from '../../bridges/intake/start-job.ts';
import type { Submitted } from '../../bridges/send.ts';
import { rejectedWorkflowId, sha256, workflowIdFor } from '../../lib/contract/ids.ts';
import { awaitJobs, type AwaitedJob, type Sighting } from '../../lib/jobs/await.ts';
import type { JobView } from '../../lib/jobs/job-view.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { EXIT_FAILED } from '../exit.ts';
import { paint, STATE_STYLES } from '../output/colour.ts';
import { jsonLine, type Output } from '../output/output.ts';
import { createProgressBar } from '../output/progress-bar.ts';
import { durationText } from '../output/quantities.ts';
import { plainText } from '../output/text.ts';

import type { CheckedJob } from './check-jobs.ts';
import type { SubmitEngine } from './engine.ts';

/** Waits for what was sent, and says how each ended. */
export type UntilEnded = (sent: readonly Submitted[], output: Output) => Promise<void>;

/** To be called before the jobs are sent: an id may belong to a run that has failed, which the message begins anew. */
export async function prepareWait(
  engine: SubmitEngine,
  queue: string,
  jobs: readonly CheckedJob[],
): Promise<UntilEnded> {
  const earlier: (string | undefined)[] = [];
  for (const job of jobs)
    earlier.push(job.jobId === undefined ? undefined : await earlierRun(engine, queue, job.jobId, job));
  return async (sent, output) => {
    const awaited = sent.map(({ messageId, jobId }, index): AwaitedJob => {
      const runId = earlier[index];
      return {
        workflowIds: [workflowIdFor(queue, jobId), rejectedWorkflowId(queue, messageId, jobs[index]?.body ?? NO_BODY)],
        ...(runId !== undefined && { earlierRunId: runId }),
      };
    });
    await follow(engine, awaited, output);
  };
}

const NO_BODY = new Uint8Array();

/** The run that this message will follow. Rejects when the id belongs to a job of other content. */
async function earlierRun({ client }: SubmitEngine, queue: string, jobId: string, { body, place }: CheckedJob) {
  const workflowId = workflowIdFor(queue, jobId);
  try {
    const run = await client.workflow.getHandle(workflowId).describe();
    const identity = { contentHash: sha256(body), deliveryId: null };
    switch (judgeRun(run, { ...identity, jobId, messageId: jobId, workflowId, isFresh: false }, 'on_start')) {
      case 'conflict':
        throw new Error(`${place}: IdentityConflict: job ${jobId} exists with other content, give another job id`);
      case 'duplicate':
        return undefined;
      default:
        return run.runId;
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function follow({ client, ui }: SubmitEngine, awaited: readonly AwaitedJob[], output: Output): Promise<void> {
  const bar = createProgressBar('waiting', awaited.length);
  let ended = 0;
  for await (const sightings of awaitJobs(client, awaited, ui)) {
    for (const { row, hasEnded } of sightings) {
      if (!row || !hasEnded) continue;
      ended += 1;
      bar.end();
      const job = await showJob(client, row.workflow_id, ui);
      output.write(output.json ? jsonLine(job) : endText(job, output));
      if (job.state !== 'completed') process.exitCode = EXIT_FAILED;
    }
    bar.show(ended, noteOf(sightings));
  }
  bar.end();
}

/** The first that has not ended: of a single job, what it does now. */
function noteOf(sightings: readonly Sighting[]): string {
  const first = sightings.find(({ hasEnded }) => !hasEnded);
  if (!first) return '';
  const { row, progress } = first;
  if (!row) return 'in the queue';
  const place = row.host === null ? '' : ` on ${row.host}`;
  return `${row.state}${place}${progress === undefined ? '' : `, ${Math.round(progress)} %`}`;
}

function endText({ state, job_id, message_id, host, gpu_seconds, error }: JobView, output: Output): string {
  const facts = [
    ...(host === null ? [] : [`on ${host}`]),
    ...(gpu_seconds === null ? [] : [`${durationText(gpu_seconds)} of GPU`]),
    ...(error === null ? [] : [`${error.type}: ${error.message}`]),
  ];
  const id = job_id ?? message_id ?? '';
  return `${paint(output, STATE_STYLES[state], state)} ${[id, ...facts].map(plainText).join(', ')}\n`;
}
