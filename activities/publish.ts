import { setTimeout as delay } from 'node:timers/promises';

import type { StagedResult } from '../lib/contract/job-input.ts';
import { errorText, type Log } from '../lib/log.ts';
import { StoreUnavailable, type ResultStore, type StagedFile } from '../lib/results/store.ts';

/**
 * The result an earlier attempt has published. When the store cannot be asked, only an attempt that nothing can have
 * been staged before goes on: any other could render a finished picture again.
 */
export async function findStaged(
  store: ResultStore,
  key: string,
  { mustAsk }: { mustAsk: boolean },
  signal: AbortSignal,
): Promise<StagedResult | undefined> {
  try {
    return await store.find(key, signal);
  } catch (error) {
    if (mustAsk || !(error instanceof StoreUnavailable)) throw error;
    return undefined;
  }
}

const LONGEST_WAIT_MS = 30_000;

/**
 * Puts a complete file into the store, again and again for `windowMs` while the store is away. Not left to the engine's
 * retries: the bytes are on this host, and another one would render them anew.
 */
export async function publish(
  store: ResultStore,
  key: string,
  file: StagedFile,
  { windowMs, log }: { windowMs: number; log: Log },
  signal: AbortSignal,
): Promise<StagedResult> {
  const window = AbortSignal.timeout(windowMs);
  for (let waitMs = 1_000; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await store.put(key, file, signal);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || signal.aborted || window.aborted) throw error;
      if (waitMs === 1_000)
        log.warn('Result store unreachable, the result waits on this host', { key, reason: errorText(error) });
      await delay(waitMs, undefined, { signal });
    }
  }
}
