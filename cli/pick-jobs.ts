import type { JobState } from '../lib/contract/states.ts';
import { findJob } from '../lib/jobs/find.ts';
import { listJobs } from '../lib/jobs/list.ts';

import { confirmed, type Asking } from './confirm.ts';
import { UsageError } from './context.ts';
import { jobFilterOf, type JobFilterOptions } from './job-filter.ts';
import { jsonLine, type Output } from './output/output.ts';
import { plainText } from './output/text.ts';
import type { ClientDeps } from './with-client.ts';

export interface PickOptions extends JobFilterOptions {
  dryRun?: boolean;
  yes?: boolean;
}

/** A job that a command is to do something with. */
export interface Picked {
  workflowId: string;
  /** As a person reads it. */
  name: string;
  /** The state that it was picked for. */
  expected?: JobState;
}

/** The rest is for the next call: all that is done shows in the states. */
const MOST = 10_000;

/** Rejects what names no jobs, or names them twice. */
export function checkPick(ids: readonly string[], options: JobFilterOptions): void {
  const isFiltered = Object.keys(jobFilterOf(options, 0)).length > 0;
  if (ids.length > 0 && isFiltered) throw new UsageError('either IDs or filters, not both');
  if (ids.length === 0 && !isFiltered)
    throw new UsageError('say which jobs: IDs, or a filter such as --queue or --since');
}

/** The jobs of these ids, else those that match; without `--state`, those in one of `states`. Rejects before anything is done. */
export async function pickJobs(
  ids: readonly string[],
  options: JobFilterOptions,
  states: readonly JobState[],
  { client, queues, now }: Pick<ClientDeps, 'client' | 'queues' | 'now'>,
): Promise<Picked[]> {
  checkPick(ids, options);
  const filter = jobFilterOf(options, now);
  const picked = new Map<string, Picked>();
  for (const id of ids) {
    const workflowId = await findJob(client, id, queues);
    picked.set(workflowId, { workflowId, name: id });
  }
  if (ids.length > 0) return [...picked.values()];
  for (const state of filter.state ? [filter.state] : states) {
    for (const { workflow_id: workflowId, job_id } of await listJobs(client, { ...filter, state, limit: MOST })) {
      picked.set(workflowId, { workflowId, name: job_id ?? workflowId, ...(filter.state && { expected: state }) });
    }
  }
  return [...picked.values()];
}

/** Whether to do it to all of them, `retry 3 jobs` say: about one nobody is asked. */
export async function mayGoOn(
  what: string,
  count: number,
  { yes = false }: Pick<PickOptions, 'yes'>,
  asking: Asking,
): Promise<boolean> {
  return yes || count <= 1 || confirmed(what, asking);
}

/** What a dry run says of one. */
export const wouldLine = (verb: string, { workflowId, name }: Picked, { json }: Output): string =>
  json ? jsonLine({ workflow_id: workflowId, outcome: `would ${verb}` }) : `${plainText(name)}: would ${verb}\n`;
