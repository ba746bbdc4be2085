import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

/** What an attempt leaves to the next one, wherever that runs. */
export interface Details<T> {
  /** Sends them now: they outlive this attempt even when it fails at once. */
  send(details: T): void;
  /** Sends them with the next beat: a short attempt needs none, and each is a call to the engine. */
  keep(details: T): void;
}

/** A cancel arrives with the answer to a beat, so this is how late it may be. Shorter than any heartbeat timeout. */
const PERIOD_MS = 1_000;

/**
 * Runs `work` with a heartbeat a second and the signal that a cancel, a heartbeat timeout or a stopping worker aborts.
 * Details of earlier attempts stay until `work` replaces them: a bare `heartbeat()` would erase them.
 */
export async function withHeartbeat<Result, Kept = unknown>(
  work: (signal: AbortSignal, details: Details<Kept>) => Promise<Result>,
): Promise<Result> {
  let last: unknown = activityInfo().heartbeatDetails;
  const timer = setInterval(() => heartbeat(last), PERIOD_MS);
  const details: Details<Kept> = {
    keep: (kept) => (last = kept),
    send: (kept) => heartbeat((last = kept)),
  };
  try {
    return await work(cancellationSignal(), details);
  } finally {
    clearInterval(timer);
  }
}
