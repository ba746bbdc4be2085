import type { Worker } from '@temporalio/worker';

import { untilAborted, type Running } from '../lib/run.ts';

/** An engine that answers lets a worker go at once; for one that does not, the SDK waits half a minute. */
const LAST_CALLS_MS = 8_000;

/** Runs a worker that takes nothing more once it is stopped, and has `graceMs` for what it has in hand. */
export function runWorker(worker: Worker, graceMs: number): Running {
  const left = new AbortController();
  return {
    done: untilAborted(worker.run(), left.signal, undefined),
    stop: () => {
      // A second request is not a mistake, for the SDK it is.
      if (worker.getState() !== 'RUNNING') return;
      worker.shutdown();
      setTimeout(() => left.abort(), graceMs + LAST_CALLS_MS).unref();
    },
  };
}
