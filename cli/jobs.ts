import { jobsOverview, listJobs } from '../lib/jobs/list.ts';

import { UsageError } from './context.ts';
import { jobFilterOf, type JobFilterOptions } from './job-filter.ts';
import { failureLines, jobsTable } from './output/jobs-table.ts';
import { jsonLine } from './output/output.ts';
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
export async function jobs(options: JobsOptions, { client, uiUrl, output, remember, now }: ClientDeps): Promise<void> {
  const limit = limitOf(options.limit);
  const filter = { ...jobFilterOf(options, now), limit, uiUrl };
  if (output.json) return output.write((await listJobs(client, filter)).map(jsonLine).join(''));
  const { rows, failures, hasMoreFailures } = await jobsOverview(client, filter);
  remember(rows.map(({ job_id, workflow_id }) => job_id ?? workflow_id));
  if (failures.length > 0) {
    output.write(`${failureLines(failures, output, now)}${hasMoreFailures ? MORE_FAILED : ''}\n`);
  }
  output.write(rows.length === 0 ? 'No jobs.\n' : jobsTable(rows, output, now));
}

const MORE_FAILED = 'These are the newest 1,000 failed ones; there are more.\n';

export function limitOf(text = DEFAULT_LIMIT): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  throw new UsageError(`--limit ${text}: a whole number from 1 to ${LARGEST_LIMIT} is needed`);
}
