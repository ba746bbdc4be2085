import { setTimeout as delay } from 'node:timers/promises';

/** Time as a parameter, so that a test need not wait a minute. */
export interface Clock {
  /** Milliseconds that only go forward. */
  now(): number;
  /** Ends early, and never rejects, when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => undefined),
};
