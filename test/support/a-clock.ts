import type { Clock } from '../../lib/clock.ts';

export interface FakeClock extends Clock {
  /** Each pause that was asked for. */
  readonly pauses: readonly number[];
}

/** A clock whose sleeps take no time, and on which a minute passes by adding. */
export function aClock(onSleep: () => void = () => undefined): FakeClock {
  const pauses: number[] = [];
  let now = 0;
  return {
    pauses,
    now: () => now,
    sleep: async (milliseconds) => {
      pauses.push(milliseconds);
      now += milliseconds;
      onSleep();
    },
  };
}
