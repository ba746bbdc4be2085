import type { Client } from '@temporalio/client';

import type { Clock } from '../lib/clock.ts';
import type { Running } from '../lib/run.ts';

/** Knows when the engine could not be reached from here: then a host that fell silent may have nothing to do with it. */
export interface EngineWatch extends Running {
  /** Whether it could not be reached at some time since then, wall clock. */
  wasAway(sinceMs: number): boolean;
}

/** Shorter than the heartbeat timeouts that it explains. */
const EVERY_MS = 5_000;
const TIMEOUT_MS = 5_000;

export function watchEngine({ client, clock }: { client: Client; clock: Clock }): EngineWatch {
  const stopping = new AbortController();
  let awayMs = Number.NEGATIVE_INFINITY;

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await client.connection
        .withDeadline(Date.now() + TIMEOUT_MS, () => client.connection.workflowService.getSystemInfo({}))
        .catch(() => {
          awayMs = Date.now();
        });
      await clock.sleep(EVERY_MS, stopping.signal);
    }
  }

  return { done: watch(), stop: () => stopping.abort(), wasAway: (sinceMs) => awayMs >= sinceMs };
}
