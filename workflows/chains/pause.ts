import { sleep } from '@temporalio/workflow';

import { runningChain } from './current.ts';

type Unit = 'ms' | 'second' | 'seconds' | 'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days';

/** Milliseconds, or a text such as `30 seconds`, `2 hours`, `7 days`. */
export type Duration = number | `${number} ${Unit}`;

/** Waits, durably: for days, and through restarts of everything. Holds no GPU. */
export async function pause(duration: Duration): Promise<void> {
  const { steps } = runningChain('pause');
  const ms = milliseconds(duration);
  await steps.wait({ name: 'pause', content: `\0pause\0${ms}` }, async (waitedMs) => {
    if (waitedMs < ms) await sleep(ms - waitedMs);
    return null;
  });
}

const UNITS_MS: Record<string, number> = {
  ms: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

export function milliseconds(duration: Duration): number {
  const [, number = duration, unit = 'ms'] =
    /^(\d+(?:\.\d+)?) (ms|second|minute|hour|day)s?$/.exec(String(duration)) ?? [];
  const ms = Number(number) * (UNITS_MS[unit] ?? 1);
  if (!Number.isFinite(ms) || ms < 0) {
    throw new RangeError(`${JSON.stringify(duration)} is no duration: give milliseconds, or a text such as '2 hours'`);
  }
  return Math.round(ms);
}
