import { isDeepStrictEqual } from 'node:util';

import type { JobInput, MessageBody } from '../contract/job-input.ts';
import { readMessage, type MessageRules, type ReadJob } from '../contract/job-message.ts';
import { memberText } from '../contract/json-text.ts';
import { readText } from '../results/text.ts';
import type { ResultStore } from '../results/store.ts';

/** A corrected message that cannot take the place of the job's own. */
export class CorrectionRefused extends Error {
  override readonly name = 'CorrectionRefused';
}

/** The corrected message as intake would read it. Rejects with `CorrectionRefused`, naming the field. */
export function readCorrection(body: Uint8Array, { queue, jobId, messageId }: JobInput, rules: MessageRules): ReadJob {
  const attributes = { originalMessageId: messageId };
  const read = readMessage({ queue, body, messageId, attributes, envelope: { transport: 'direct' } }, rules);
  if ('rejected' in read) throw new CorrectionRefused(`${read.rejected.type}: ${read.rejected.reason}`);
  const { job } = read;
  if (job.jobId !== undefined && job.jobId !== jobId) {
    throw new CorrectionRefused(`dqm.job_id: is ${job.jobId}, but a retried job keeps its id ${jobId}`);
  }
  return job;
}

/**
 * Where a job goes on with corrected tasks: with the first that failed or that is another one now. Undefined: it asks
 * for another result, so its command has to run.
 */
export async function resumeCorrected(
  resume: JobInput['resume'],
  { body, command, tasks }: JobInput,
  job: ReadJob,
  store: ResultStore,
): Promise<JobInput['resume']> {
  if (!resume || command !== job.command) return undefined;
  if (parametersOf(await textOf(body, store)) !== parametersOf(job.text)) return undefined;
  const changed = job.tasks.findIndex((task, index) => !isDeepStrictEqual(task, tasks[index]));
  return { ...resume, task: changed === -1 ? resume.task : Math.min(resume.task, changed) };
}

const READ_LIMIT_MS = 30_000;

const textOf = async (body: MessageBody, store: ResultStore): Promise<string> =>
  'text' in body ? body.text : readText(store, body.reference, AbortSignal.timeout(READ_LIMIT_MS));

const parametersOf = (text: string): string | undefined => memberText(text, 'parameters');
