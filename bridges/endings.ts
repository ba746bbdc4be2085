import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { systemClock } from '../lib/clock.ts';
import { DqmQueue } from '../lib/contract/search-attributes.ts';
import { isOpen, recordedState } from '../lib/jobs/state.ts';
import { errorText, type Log } from '../lib/log.ts';

import { callEngine } from './engine.ts';

/** An engine allows some 10 questions of visibility a second in a namespace. */
const LOOK_EVERY_MS = 1_000;
/** Visibility may learn of an ending later than of another that came after it. */
const OVERLAP_MS = 10_000;
/** Visibility may miss even that: so many jobs are asked themselves with each look, one after the other. */
const ASKED_EACH_LOOK = 5;

export type JobEnding = 'completed' | 'failed' | 'cancelled';

/** How the jobs of one queue end. */
export interface Endings {
  /**
   * Settles when the job's latest run has closed, however long the engine is away meanwhile; never when the watch has
   * ended. `isNew`: it was started just now, so that it need not be asked.
   */
  ended(workflowId: string, isNew: boolean): Promise<JobEnding>;
}

/** Watches the jobs of one queue until `signal` is aborted. */
export type WatchEndings = (queue: string, signal: AbortSignal) => Endings;

interface Awaited {
  ending: Promise<JobEnding>;
  settle(ending: JobEnding): void;
}

/**
 * One question a second for all jobs together: an engine serves too few long polls to wait for each of thousands. Asks
 * only while something is awaited.
 */
export const createWatchEndings =
  ({ client, log }: { client: Client; log: Log }): WatchEndings =>
  (queue, signal) =>
    watchEndings({ client, log, queue }, signal);

function watchEndings(
  { client, log, queue }: { client: Client; log: Log; queue: string },
  signal: AbortSignal,
): Endings {
  const awaited = new Map<string, Awaited>();
  /** By the engine's clock. */
  let newestCloseMs: number | undefined;
  let isWatching = false;

  async function watch(): Promise<void> {
    isWatching = true;
    for (;;) {
      await systemClock.sleep(LOOK_EVERY_MS, signal);
      if (signal.aborted || awaited.size === 0) break;
      try {
        await look();
      } catch (error) {
        log.debug('Endings cannot be read now', { queue, reason: errorText(error) });
      }
    }
    isWatching = false;
    // What ends while nobody waits is asked when somebody does.
    newestCloseMs = undefined;
  }

  async function look(): Promise<void> {
    const closed = await callEngine(client, closedLately);
    const inTurn = [...awaited.keys()].slice(0, ASKED_EACH_LOOK);
    for (const workflowId of new Set([...closed.filter((id) => awaited.has(id)), ...inTurn])) await ask(workflowId);
  }

  /** Workflow ids; the first time those of the newest page. */
  async function closedLately(): Promise<string[]> {
    const since = newestCloseMs === undefined ? undefined : new Date(newestCloseMs - OVERLAP_MS).toISOString();
    const ids: string[] = [];
    const query = `${DqmQueue.name} = '${queue}' AND ExecutionStatus != 'Running'`;
    const closed = client.workflow.list({
      query: since === undefined ? query : `${query} AND CloseTime >= '${since}'`,
    });
    for await (const { workflowId, closeTime } of closed) {
      ids.push(workflowId);
      newestCloseMs = Math.max(newestCloseMs ?? 0, closeTime?.getTime() ?? 0);
      if (since === undefined && ids.length === FIRST_LOOK) break;
    }
    return ids;
  }

  /** What visibility shows may be an earlier run: the engine's own answer decides. */
  async function ask(workflowId: string): Promise<void> {
    const waiting = awaited.get(workflowId);
    if (!waiting) return;
    const ending = await callEngine(client, () => endingOf(client, workflowId));
    awaited.delete(workflowId);
    // To the end of the line.
    if (ending === undefined) awaited.set(workflowId, waiting);
    else waiting.settle(ending);
  }

  return {
    ended: (workflowId, isNew) => {
      let waiting = awaited.get(workflowId);
      if (!waiting) {
        waiting = anAwaited();
        awaited.set(workflowId, waiting);
      }
      if (!isNew) ask(workflowId).catch(() => undefined); // the next look asks again
      if (!isWatching) void watch();
      return waiting.ending;
    },
  };
}

/** More than a second's worth of endings. */
const FIRST_LOOK = 1_000;

/** Undefined while it is open. One that the engine has forgotten counts as failed: its message is judged anew. */
async function endingOf(client: Client, workflowId: string): Promise<JobEnding | undefined> {
  try {
    const run = await client.workflow.getHandle(workflowId).describe();
    if (isOpen(run)) return undefined;
    const state = recordedState(run);
    return state === 'failed' || state === 'cancelled' ? state : 'completed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'failed';
    throw error;
  }
}

function anAwaited(): Awaited {
  let settle: Awaited['settle'] = () => undefined;
  const ending = new Promise<JobEnding>((resolve) => (settle = resolve));
  return { ending, settle };
}
