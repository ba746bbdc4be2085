import { setTimeout as delay } from 'node:timers/promises';

import { errorText, type Log } from '../lib/log.ts';
import type { RealityServer } from '../lib/realityserver/client.ts';
import type { Running } from '../lib/run.ts';

export interface HostHealth extends Running {
  /** The RealityServer broke a connection or refused one: it gets no more commands until it answers again. */
  fault(reason: unknown): void;
  /** Asks once more, in the moment before a command: a permit may be older than a crash. Fails as the probe does. */
  probe(signal: AbortSignal): Promise<void>;
  /** A command ended well: the next one that follows at once needs no probe. */
  answered(): void;
}

export interface HostHealthDeps {
  realityServer: RealityServer;
  log: Log;
  /** Shown in log lines: scheme, host and port. */
  name: string;
  onChange(ready: boolean): void;
}

/** A server that is starting or restarting answers within this, or is not ready. */
const PROBE_TIMEOUT_MS = 10_000;
/** Soon at first, since a restart takes seconds; then seldom, since an outage takes hours. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
const LONGEST_WAIT_MS = 30_000;
/** A server that answered this short a time ago is asked by the command itself. */
const FRESH_MS = 1_000;

/** Knows whether a RealityServer is ready: `get_version` answers with a string. Asks until it does, and again after each fault. */
export function startHostHealth({ realityServer, log, name, onChange }: HostHealthDeps): HostHealth {
  const stopping = new AbortController();
  let isReady = false;
  let answeredMs = Number.NEGATIVE_INFINITY;
  let wakeUp = (): void => undefined;

  const probe = async (signal: AbortSignal): Promise<string> =>
    realityServer.version(AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]));

  async function untilReady(): Promise<void> {
    for (let tries = 0; !stopping.signal.aborted; tries += 1) {
      try {
        const version = await probe(stopping.signal);
        log.info('RealityServer is ready', { realityServer: name, version });
        isReady = true;
        return onChange(true);
      } catch (error) {
        if (stopping.signal.aborted) return;
        const reason = errorText(error);
        if (tries === 0) log.warn('RealityServer is not ready, asking until it is', { realityServer: name, reason });
        await delay(RETRY_MS[tries] ?? LONGEST_WAIT_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Looks at the state, not at the call alone: a fault may come before anybody waits for it. */
  const untilFault = (): Promise<void> =>
    new Promise((resolve) => {
      wakeUp = resolve;
      if (!isReady || stopping.signal.aborted) resolve();
    });

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await untilReady();
      await untilFault();
    }
  }

  return {
    done: watch(),
    stop: () => {
      stopping.abort();
      wakeUp();
    },
    fault: (reason) => {
      answeredMs = Number.NEGATIVE_INFINITY;
      if (!isReady) return;
      isReady = false;
      log.warn('RealityServer failed, no command until it answers', { realityServer: name, reason: errorText(reason) });
      onChange(false);
      wakeUp();
    },
    probe: async (signal) => {
      if (performance.now() - answeredMs > FRESH_MS) await probe(signal);
    },
    answered: () => {
      answeredMs = performance.now();
    },
  };
}
