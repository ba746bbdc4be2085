import type { Client } from '@temporalio/client';

import type { Clock } from '../lib/clock.ts';
import { errorText, type Log } from '../lib/log.ts';
import { readPause, type Pause } from '../lib/pause.ts';
import type { Running } from '../lib/run.ts';

import type { GpuSlot, LetGo } from './gpu-slots.ts';

/** Closes a GPU slot while its host is paused. */
export interface HostPause extends Running {
  /** Of this moment; null when it takes commands. */
  readonly paused: Pause | null;
}

export interface HostPauseDeps {
  client: Client;
  host: string;
  hold: GpuSlot['hold'];
  clock: Clock;
  log: Log;
}

/** A person who pauses a host looks at it next. */
const EVERY_MS = 2_000;
const ANSWER_LIMIT_MS = 5_000;

/** The engine holds the pause, so it outlives this process. The slot stays closed until the engine was asked once. */
export function watchHostPause({ client, host, hold, clock, log }: HostPauseDeps): HostPause {
  const stopping = new AbortController();
  let paused: Pause | null = null;
  let letGo: LetGo | undefined = hold();

  function saw(now: Pause | null): void {
    if (now && !paused) log.info('Host is paused', { host, by: now.by, since: now.since.toISOString() });
    if (!now && paused) log.info('Host goes on', { host });
    paused = now;
    if (now) letGo ??= hold();
    else {
      letGo?.();
      letGo = undefined;
    }
  }

  async function watch(): Promise<void> {
    let isTold = false;
    while (!stopping.signal.aborted) {
      try {
        saw(await client.withDeadline(Date.now() + ANSWER_LIMIT_MS, () => readPause(client, { host })));
        isTold = false;
      } catch (error) {
        // What was known last stands.
        if (!isTold) log.debug('Cannot ask whether the host is paused', { host, reason: errorText(error) });
        isTold = true;
      }
      await clock.sleep(EVERY_MS, stopping.signal);
    }
  }

  return {
    get paused() {
      return paused;
    },
    done: watch(),
    stop: () => stopping.abort(),
  };
}
