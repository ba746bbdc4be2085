import type { JobRow } from '../lib/jobs/job-view.ts';
import type { FailureGroup } from '../lib/jobs/failures.ts';
import { jobsOverview, listJobs } from '../lib/jobs/list.ts';

import { UsageError } from './context.ts';
import { jobFilterOf, type JobFilterOptions } from './job-filter.ts';
import { paint, STATE_STYLES } from './output/colour.ts';
import { jsonLine, type Output } from './output/output.ts';
import { agoText, clockText, durationText } from './output/quantities.ts';
import { table, type Column } from './output/table.ts';
import { cut, plainText } from './output/text.ts';
import type { ClientDeps } from './with-client.ts';

/** As they stand on the command line. */
export interface JobsOptions extends JobFilterOptions {
  /** Default 50. */
  limit?: string;
}

const DEFAULT_LIMIT = '50';
/** More would be read and forgotten: this is a look, not an export. */
const LARGEST_LIMIT = 10_000;

/** `dqm jobs`: failed ones summed up, then the newest first. */
export async function jobs(options: JobsOptions, { client, uiUrl, output, now }: ClientDeps): Promise<void> {
  const limit = limitOf(options.limit ?? DEFAULT_LIMIT);
  const filter = { ...jobFilterOf(options, now), limit, uiUrl };
  if (output.json) return output.write((await listJobs(client, filter)).map(jsonLine).join(''));
  const { rows, failures, hasMoreFailures } = await jobsOverview(client, filter);
  const summary = failures.map((group) => failureLine(group, output, now)).join('');
  if (summary) output.write(`${summary}${hasMoreFailures ? MORE_FAILED : ''}\n`);
  if (rows.length === 0) return output.write('No jobs.\n');
  output.write(table(columns(output, now), rows, output.columns, (title) => paint(output, 'dim', title)));
}

const MORE_FAILED = 'These are the newest 1,000 failed ones; there are more.\n';

/** `37 failed: UnexpectedResult, render_product on gpu-07, newest 02:14` */
function failureLine({ count, error, command, host, newest }: FailureGroup, output: Output, nowMs: number): string {
  const where = host === null ? '' : ` on ${host}`;
  const what = [error ?? 'unknown', `${command ?? 'no command'}${where}`, `newest ${clockText(newest, nowMs)}`].join(
    ', ',
  );
  return `${paint(output, 'red', `${count} failed`)}: ${cut(plainText(what), output.columns - `${count} failed: `.length)}\n`;
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  throw new UsageError(`--limit ${text}: a whole number from 1 to ${LARGEST_LIMIT} is needed`);
}

/** What is left out first in a narrow terminal has the highest number. */
function columns(output: Output, nowMs: number): Column<JobRow>[] {
  return [
    {
      title: 'STATE',
      text: ({ state }) => state,
      paint: (cell, { state }) => paint(output, STATE_STYLES[state], cell),
    },
    { title: 'JOB', text: ({ job_id, workflow_id }) => job_id ?? workflow_id, leastWidth: 12 },
    { title: 'QUEUE', text: ({ queue }) => queue, leastWidth: 8, leaveOut: 3 },
    { title: 'COMMAND', text: ({ command }) => command ?? '', leastWidth: 8, leaveOut: 2 },
    { title: 'HOST', text: ({ host }) => host ?? '', leastWidth: 6, leaveOut: 4 },
    { title: 'TENANT', text: ({ tenant }) => tenant ?? '', leastWidth: 6, leaveOut: 5 },
    { title: 'PRIORITY', text: ({ priority }) => priority ?? '', leaveOut: 6 },
    { title: 'CREATED', text: ({ created }) => agoText(created, nowMs), align: 'right' },
    {
      title: 'GPU',
      text: ({ gpu_seconds }) => (gpu_seconds === null ? '' : durationText(gpu_seconds)),
      align: 'right',
      leaveOut: 7,
    },
    { title: 'ERROR', text: ({ error }) => error?.type ?? '', leastWidth: 8, leaveOut: 1 },
  ];
}
