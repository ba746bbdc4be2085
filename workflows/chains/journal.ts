import { ApplicationFailure, condition, workflowInfo } from '@temporalio/workflow';

import type { ChainClock } from './clock.ts';
import type { JournalBatch, JournalEntry } from './journal-part.ts';
import type { Settle } from './settle.ts';

/**
 * What the calls of a chain have given. A chain that runs again from its start, in a new history or as a retry, gets
 * the same answers in the same order, while its clock tells the time of each.
 */
export interface Journal {
  /** Gives the answer that an earlier run has for this call, in its turn; false = the call is to be carried out. */
  answer(key: string, settle: Settle<unknown>): boolean;
  /** When an earlier run began to wait in this call. */
  startedMs(key: string): number | undefined;
  record(entry: JournalEntry): void;
  /** Gives the answers, each when the code after the one before has come to rest. The chain has been called by then. */
  replay(): Promise<void>;
  /** What this run has recorded. */
  readonly batches: readonly JournalBatch[];
  /** Entries in them. */
  readonly added: number;
}

type Ended = Exclude<JournalEntry, { started: number }>;

export function createJournal(earlier: readonly JournalBatch[], clock: ChainClock): Journal {
  const ended = new Map<string, Ended>();
  const started = new Map<string, number>();
  /** Calls that were made and wait for their turn to be answered. */
  const asked = new Map<string, Settle<unknown>>();
  // The first time that the chain's clock told is the time it began.
  const batches: JournalBatch[] = earlier.length > 0 ? [] : [{ atMs: clock.engineNow(), entries: [] }];
  let lastHistoryLength = -1;
  let added = 0;
  let isReplaying = true;

  clock.stopAt(earlier[0]?.atMs);
  for (const { entries } of earlier) {
    for (const entry of entries) {
      if ('started' in entry) started.set(entry.key, entry.started);
      else ended.set(entry.key, entry);
    }
  }

  function settle(entry: Ended): void {
    const call = asked.get(entry.key);
    asked.delete(entry.key);
    if (call) give(entry, call);
  }

  return {
    answer: (key, call) => {
      const entry = ended.get(key);
      if (!entry) return false;
      if (isReplaying) asked.set(key, call);
      else give(entry, call);
      return true;
    },
    startedMs: (key) => started.get(key),
    record: (entry) => {
      const { historyLength } = workflowInfo();
      // What one activation of the workflow brought is seen at once by the code that waits for it.
      if (historyLength !== lastHistoryLength) batches.push({ atMs: clock.engineNow(), entries: [] });
      lastHistoryLength = historyLength;
      batches.at(-1)?.entries.push(entry);
      added += 1;
    },
    replay: async () => {
      await atRest();
      for (const { atMs, entries } of earlier) {
        clock.stopAt(atMs);
        for (const entry of entries) if (!('started' in entry)) settle(entry);
        await atRest();
      }
      isReplaying = false;
      clock.stopAt(undefined);
      // Changed code asks in another order than the one that was recorded.
      for (const [key] of asked) settle(ended.get(key) as Ended);
    },
    batches,
    get added() {
      return added;
    },
  };
}

function give(entry: Ended, { resolve, reject }: Settle<unknown>): void {
  if ('failed' in entry) reject(ApplicationFailure.nonRetryable(entry.failed.message, entry.failed.type));
  else resolve(entry.done);
}

/** The engine looks at conditions once all code has come to rest: false at the call, true at the next look. */
function atRest(): Promise<void> {
  let looks = 0;
  return condition(() => (looks += 1) > 1);
}
