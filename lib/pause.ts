import { optionalTsToDate } from '@temporalio/common/lib/time.js';

/** A queue that gives out no more commands until somebody resumes it. Running ones end. */
export interface Pause {
  by: string;
  since: Date;
}

/** A rate limit of a task queue, which the engine keeps with who set it and when. */
interface RateLimit {
  rateLimit?: { requestsPerSecond?: number | null } | null;
  metadata?: { updateIdentity?: string | null; updateTime?: Parameters<typeof optionalTsToDate>[0] } | null;
}

/** Paused = a rate limit of nothing at all: the engine itself then hands out no command. */
export function pauseOf(limit: RateLimit | null | undefined): Pause | null {
  const isPaused = limit?.rateLimit && (limit.rateLimit.requestsPerSecond ?? 0) === 0;
  if (!isPaused) return null;
  const { updateIdentity, updateTime } = limit.metadata ?? {};
  return { by: updateIdentity || 'somebody', since: optionalTsToDate(updateTime) ?? new Date(0) };
}
