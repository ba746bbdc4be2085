import { sha256 } from './hash.ts';

/** The sandbox's own: it tells the engine's time. */
const EngineDate = Date;
const BITS = 52;

/** What a chain sees of clock and chance: the same again when it runs again from its start. */
export interface ChainClock {
  /** Milliseconds of the engine's clock. */
  engineNow(): number;
  /** The chain's clock stands at this time; undefined = it is the engine's. */
  stopAt(timeMs: number | undefined): void;
}

/** Puts `Date` and `Math.random` of this workflow under our control. Random numbers follow from `seed` alone. */
export function installClock(seed: string): ChainClock {
  let stoppedAt: number | undefined;
  let drawn = 0;
  const engineNow = (): number => EngineDate.now();
  const now = (): number => stoppedAt ?? engineNow();
  const random = (): number => Number.parseInt(sha256(`${seed}\0${(drawn += 1)}`).slice(0, BITS / 4), 16) / 2 ** BITS;

  function ChainDate(...parts: []): Date {
    return parts.length > 0 ? new EngineDate(...parts) : new EngineDate(now());
  }
  const { parse, UTC, prototype } = EngineDate;
  // Objects of the sandbox are frozen, its global names are not.
  Object.assign(globalThis, {
    Date: Object.assign(ChainDate, { now, parse, UTC, prototype }),
    Math: Object.create(Math, { random: { value: random } }) as Math,
  });
  return { engineNow, stopAt: (timeMs) => void (stoppedAt = timeMs) };
}
