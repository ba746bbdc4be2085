import { readMessage } from '../../lib/contract/job-message.ts';
import { UsageError, type Context } from '../context.ts';
import { messageRules } from '../parts/message-rules.ts';

import type { GivenJob } from './jobs-of.ts';

/** A job that intake would take. */
export interface CheckedJob extends GivenJob {
  /** Undefined: the message's id becomes it. */
  jobId: string | undefined;
}

/** What stands beside the bodies. */
export interface Beside {
  queue: string;
  jobId?: string;
  priority?: string;
  tenant?: string;
}

/** More say nothing new. */
const MOST_TOLD = 10;

/** The jobs with their ids; throws what intake would say of those that it would reject. */
export function checkJobs(jobs: readonly GivenJob[], { config }: Context, beside: Beside): CheckedJob[] {
  const { queue, ...attributes } = beside;
  const rules = messageRules(config);
  const checked: CheckedJob[] = [];
  const mistakes: string[] = [];
  for (const job of jobs) {
    const message = { queue, body: job.body, messageId: null, attributes, envelope: { transport: 'direct' as const } };
    const read = readMessage(message, rules);
    if ('rejected' in read) mistakes.push(`${job.place}: ${read.rejected.type}: ${asOption(read.rejected.reason)}`);
    else checked.push({ ...job, jobId: read.job.jobId });
  }
  if (mistakes.length > 0) throw new UsageError(mistakesText(mistakes, jobs.length));
  if (beside.jobId !== undefined && jobs.length > 1) {
    throw new UsageError('--job-id names one job, and there are several: give each its own as dqm.job_id in its line');
  }
  return checked;
}

/** Intake names the attribute that an option becomes; people gave the option. */
const asOption = (reason: string): string =>
  reason.replace(/^attribute dqm_(\w+)/, (_all, name: string) => `--${name.replace('_', '-')}`);

function mistakesText(mistakes: readonly string[], jobs: number): string {
  if (jobs === 1) return String(mistakes[0]);
  const more = mistakes.length - MOST_TOLD;
  return [
    `nothing was sent, ${mistakes.length} of ${jobs} jobs would be rejected:`,
    ...mistakes.slice(0, MOST_TOLD),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join('\n');
}
