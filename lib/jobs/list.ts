import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { DqmQueue } from '../contract/search-attributes.ts';
import { inParallel } from '../in-parallel.ts';

import { createDecoder } from './decode.ts';
import { failureGroups, type FailureGroup } from './failures.ts';
import type { JobRow } from './job-view.ts';
import { latestRuns } from './latest-runs.ts';
import { pendingActivities, runningCommand } from './pending.ts';
import { holdsLaterRuns, matches, visibilityQuery, type JobFilter } from './query.ts';
import { jobRow, type ExecutionInfo, type UiPlace } from './row.ts';
import { jobsOnHosts } from './on-hosts.ts';

/** One answer of visibility at most. */
const LARGEST_PAGE = 1_000;
/** Asking each job that says `waiting` costs a call: beyond this many, rows say what visibility says. */
const LOOKED_AT = 500;
/** An engine answers a call in about 2 ms; more at once would only crowd out its work. */
const AT_ONCE = 8;
/** Jobs that wait, among which those that run are looked for where no host can tell. */
const SEARCHED = 10_000;

export interface ListOptions extends JobFilter {
  limit: number;
  uiUrl?: string | null;
}

/**
 * Jobs that match, the newest first, each by its latest run. `running` is seen by a look at up to 500 jobs that say
 * `waiting`; where more wait, the hosts tell when `running` ones are wanted, else the newest 500 are asked.
 */
export async function listJobs(client: Client, options: ListOptions): Promise<JobRow[]> {
  const { limit, ...filter } = filterOf(options);
  if (filter.state === 'running') return runningJobs(client, options);
  const look = createLook(client, uiOf(client, options));
  const rows: JobRow[] = [];
  const pageSize = Math.min(limit, LARGEST_PAGE);
  for await (const page of pages(executions(client, filter, pageSize), pageSize)) {
    const isLatest = await latestRuns(client, page);
    rows.push(...(await look(page.filter(isLatest))).filter(isIn(filter.state)));
    if (rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}

export interface JobsOverview {
  rows: JobRow[];
  /** Of the newest 1,000 failed ones that match; empty when other states were asked for. */
  failures: FailureGroup[];
  /** There are more failed ones than were summed up. */
  hasMoreFailures: boolean;
}

/**
 * A list, and what failed summed up: three queries of visibility, unless many of the newest were retried since, or a
 * filter leaves more than 1,000 ids in doubt.
 */
export async function jobsOverview(client: Client, options: ListOptions): Promise<JobsOverview> {
  const { limit, ...filter } = filterOf(options);
  if (filter.state !== undefined && filter.state !== 'failed') {
    return { rows: await listJobs(client, options), failures: [], hasMoreFailures: false };
  }
  const pageSize = Math.min(limit, LARGEST_PAGE);
  const [page, failed] = await Promise.all([
    take(executions(client, filter, pageSize), pageSize),
    take(executions(client, { ...filter, state: 'failed' }, LARGEST_PAGE), LARGEST_PAGE),
  ]);
  const isLatest = await (holdsLaterRuns(filter)
    ? latestRuns(client, failed, page)
    : latestRuns(client, [...page, ...failed]));
  const ui = uiOf(client, options);
  const kept = page.filter(isLatest);
  const isWhole = page.length < pageSize || kept.length >= limit;
  return {
    rows: isWhole ? await createLook(client, ui)(kept) : await listJobs(client, options),
    failures: failureGroups(failed.filter(isLatest).map((info) => jobRow(info, ui))),
    hasMoreFailures: failed.length === LARGEST_PAGE,
  };
}

/** Jobs whose latest run failed. Of more than 1,000 failed runs only the newest are looked at for a later one. */
export async function countFailedJobs(client: Client, filter: JobFilter): Promise<number> {
  const wanted: JobFilter = { ...filter, state: 'failed' };
  const [{ count }, newest] = await Promise.all([
    client.workflow.count(visibilityQuery(wanted)),
    take(executions(client, wanted, LARGEST_PAGE), LARGEST_PAGE),
  ]);
  const isLatest = await latestRuns(client, newest);
  return count - newest.filter((info) => !isLatest(info)).length;
}

const filterOf = ({ uiUrl: _ui, ...filter }: ListOptions): JobFilter & { limit: number } => filter;

const uiOf = (client: Client, { uiUrl = null }: ListOptions): UiPlace => ({
  uiUrl,
  namespace: client.options.namespace,
});

const isIn =
  (state: JobFilter['state']) =>
  (row: JobRow): boolean =>
    state === undefined || row.state === state;

/** A few that may run are asked one by one; of many the hosts know which. Where a job runs is not known to visibility. */
async function runningJobs(client: Client, options: ListOptions): Promise<JobRow[]> {
  const { limit, host, ...filter } = filterOf(options);
  const newest = await take(executions(client, filter, LOOKED_AT + 1), LOOKED_AT + 1);
  const candidates = newest.length <= LOOKED_AT ? newest : await mayRun(client, filter, newest);
  const rows = await inParallel(candidates, AT_ONCE, (one) => liveRow(client, one, uiOf(client, options)));
  return rows
    .filter((row) => row !== undefined)
    .filter(isIn('running'))
    .filter((row) => matches(row, filter) && (host === undefined || row.host === host))
    .sort((one, other) => other.created.localeCompare(one.created))
    .slice(0, limit);
}

/** While one host is silent any job that waits may be on it. */
async function mayRun(client: Client, filter: JobFilter, newest: readonly ExecutionInfo[]): Promise<Candidate[]> {
  const queues = newest.map(({ typedSearchAttributes }) => typedSearchAttributes.get(DqmQueue) ?? '');
  const { workflowIds, isWhole } = await jobsOnHosts(client, new Set(queues));
  const told = workflowIds.map((workflowId) => ({ workflowId }));
  if (isWhole) return told;
  const waiting = await take(executions(client, filter, LARGEST_PAGE), SEARCHED);
  const known = new Set(waiting.map(({ workflowId }) => workflowId));
  return [...waiting, ...told.filter(({ workflowId }) => !known.has(workflowId))];
}

const executions = (client: Client, filter: JobFilter, pageSize: number): AsyncIterable<ExecutionInfo> =>
  client.workflow.list({ query: visibilityQuery(filter), pageSize });

/** Turns executions into rows, in their order, and asks those that wait whether they run. */
function createLook(client: Client, ui: UiPlace) {
  let left = LOOKED_AT;
  return (infos: readonly ExecutionInfo[]): Promise<JobRow[]> =>
    inParallel(infos, AT_ONCE, async (info) => {
      const row = jobRow(info, ui);
      if (row.state !== 'waiting' || left === 0) return row;
      left -= 1;
      return (await liveRow(client, info, ui)) ?? row;
    });
}

interface Candidate {
  workflowId: string;
  /** Absent: the latest. */
  runId?: string;
}

/** Undefined: the engine has forgotten it since. */
async function liveRow(client: Client, { workflowId, runId }: Candidate, ui: UiPlace): Promise<JobRow | undefined> {
  try {
    const info = await client.workflow.getHandle(workflowId, runId).describe();
    return jobRow(info, ui, runningCommand(await pendingActivities(info, createDecoder(client))));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function take<T>(items: AsyncIterable<T>, most: number): Promise<T[]> {
  for await (const page of pages(items, most)) return page;
  return [];
}

async function* pages<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
