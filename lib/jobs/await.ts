import { setTimeout as delay } from 'node:timers/promises';

import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';

import { isGrpcStatus } from '../grpc.ts';

import { createDecoder } from './decode.ts';
import type { JobRow } from './job-view.ts';
import { pendingActivities, runningCommand } from './pending.ts';
import { jobRow, type UiPlace } from './row.ts';
import { isOpen } from './state.ts';

/** A job that somebody has put into a queue and waits for. */
export interface AwaitedJob {
  /** The first of these that exists is it: the job, else the workflow that holds the rejected message. */
  workflowIds: readonly string[];
  /** A run that had failed before this message was sent: the message begins another. */
  earlierRunId?: string;
}

/** What became of one job by now, by its index; `undefined` while no bridge has taken it. */
export interface Sighting {
  index: number;
  row: JobRow | undefined;
  /** Percent, of a command that tells it. */
  progress?: number | undefined;
  hasEnded: boolean;
}

const LOOK_MS = 500;
/** Jobs end about in the order they were sent: looking at the first ones is enough, and keeps a look short. */
const LOOKED_AT = 100;

/** Looks at jobs again and again, and gives what it sees, until all have ended. An engine that is away is waited for. */
export async function* awaitJobs(client: Client, jobs: readonly AwaitedJob[], ui: UiPlace): AsyncGenerator<Sighting[]> {
  const open = new Map(jobs.entries());
  while (open.size > 0) {
    const sightings = await Promise.all(
      [...open].slice(0, LOOKED_AT).map(([index, job]) => sight(client, index, job, ui)),
    );
    for (const { index, hasEnded } of sightings) if (hasEnded) open.delete(index);
    yield sightings;
    if (open.size > 0 && !sightings.some(({ hasEnded }) => hasEnded)) await delay(LOOK_MS);
  }
}

async function sight(
  client: Client,
  index: number,
  { workflowIds, earlierRunId }: AwaitedJob,
  ui: UiPlace,
): Promise<Sighting> {
  for (const workflowId of workflowIds) {
    const info = await describe(client, workflowId);
    if (!info || info.runId === earlierRunId) continue;
    const running = runningCommand(await pendingActivities(info, createDecoder(client)));
    const row = jobRow(info, ui, running);
    // A message that is held for a person has come to its end, though its workflow is open.
    return { index, row, progress: running?.progress, hasEnded: !isOpen(info) || row.state === 'rejected' };
  }
  return { index, row: undefined, hasEnded: false };
}

async function describe(client: Client, workflowId: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isGrpcStatus(error, 'unavailable', 'deadlineExceeded')) {
      return undefined;
    }
    throw error;
  }
}
