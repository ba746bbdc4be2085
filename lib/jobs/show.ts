import type { Client } from '@temporalio/client';

import { openApprovals } from '../approvals/decide.ts';
import type { OpenApproval } from '../contract/approvals.ts';
import { DqmQueue } from '../contract/search-attributes.ts';

import { createDecoder } from './decode.ts';
import { earlierCommands } from './earlier-commands.ts';
import type { JobFacts } from './facts.ts';
import { readHistory, type RawHistory } from './history.ts';
import { whyHeldUp } from './held-up.ts';
import { readHostWait, type HostWait } from './host-wait.ts';
import type { JobRow, JobView } from './job-view.ts';
import { pendingActivities, type PendingActivity } from './pending.ts';
import { isExpressible, literal } from './query.ts';
import { jobRow, type ExecutionInfo, type UiPlace } from './row.ts';
import { isOpen } from './state.ts';
import { timeLine, type TimeLineEntry } from './time-line.ts';
import { jobView } from './view.ts';

export interface JobDetails {
  job: JobView;
  timeLine: TimeLineEntry[];
  /** Why it waits: what has not ended yet, with its last failure. */
  pending: readonly PendingActivity[];
  /** Set while a command could begin and has no host. */
  hostWait: HostWait | null;
  /** Why the chain itself cannot go on, as when it was changed. */
  heldUp: string | null;
  /** Whom its chain asks. */
  approvals: readonly OpenApproval[];
  /** Runs that had this id before, the newest first: a retry begins another. */
  earlierRuns: JobRow[];
}

/** A job's latest run in full, or the one of `runId`. Rejects when the id names no job. */
export async function showJob(client: Client, workflowId: string, ui: UiPlace, runId?: string): Promise<JobView> {
  return jobView(await readFacts(client, workflowId, runId), ui);
}

/** A page about a job does not wait for a job worker that is not there. */
const APPROVALS_LIMIT_MS = 2_000;

/** The same, with what a person wants to know beside it. */
export async function readJob(client: Client, workflowId: string, ui: UiPlace): Promise<JobDetails> {
  const { raw, ...facts } = await readFacts(client, workflowId);
  const job = jobView(facts, ui);
  const [earlierRuns, hostWait, heldUp, approvals] = await Promise.all([
    runsBefore(client, facts.info, ui),
    readHostWait(client, job, facts.pending),
    isOpen(facts.info) ? whyHeldUp(raw, createDecoder(client)) : undefined,
    job.state === 'approval' ? openApprovals(client, workflowId, APPROVALS_LIMIT_MS).catch(() => []) : [],
  ]);
  const { pending } = facts;
  return { job, timeLine: timeLine(facts), pending, hostWait, heldUp: heldUp ?? null, approvals, earlierRuns };
}

async function readFacts(client: Client, workflowId: string, runId?: string): Promise<JobFacts & { raw: RawHistory }> {
  const decoder = createDecoder(client);
  const info = await client.workflow.getHandle(workflowId, runId).describe();
  if (info.typedSearchAttributes.get(DqmQueue) === undefined) {
    throw new Error(`the workflow ${workflowId} is not a job of a queue`);
  }
  // Of the run that was described: a new one may have begun since.
  const raw = await client.workflow.getHandle(workflowId, info.runId).fetchHistory();
  const history = await readHistory(raw, decoder);
  const [pending, earlier] = await Promise.all([
    pendingActivities(info, decoder),
    earlierCommands(client, info, history),
  ]);
  return { info, history, earlierCommands: earlier, pending, raw };
}

/** More would say no more. */
const MOST_RUNS = 20;

async function runsBefore(
  client: Client,
  { workflowId, runId, startTime }: ExecutionInfo,
  ui: UiPlace,
): Promise<JobRow[]> {
  if (!isExpressible(workflowId)) return [];
  const query = `WorkflowId = ${literal(workflowId)} AND StartTime <= '${startTime.toISOString()}'`;
  const rows: JobRow[] = [];
  for await (const info of client.workflow.list({ query, pageSize: MOST_RUNS })) {
    if (info.runId !== runId) rows.push(jobRow(info, ui));
    if (rows.length >= MOST_RUNS) break;
  }
  return rows;
}
