import { setTimeout as delay } from 'node:timers/promises';

import type { Part } from './parts.ts';
import type { Stage } from './stage.ts';

const LEAST_PAUSE_MS = 3_000;
const MORE_PAUSE_MS = 9_000;
const LONGEST_AWAY_MS = 6_000;

/** How often each was killed or cut. */
export type Kills = Record<'bridges' | 'broker connections' | 'engine', number>;

/** Kills bridges, cuts connections to the brokers and kills the engine, one after the other, until `signal` is aborted. */
export async function kill(
  bridges: readonly Part[],
  { proxies, killEngine }: Pick<Stage, 'proxies' | 'killEngine'>,
  random: () => number,
  signal: AbortSignal,
): Promise<Kills> {
  const kills: Kills = { bridges: 0, 'broker connections': 0, engine: 0 };
  const away = (): Promise<void> => delay(random() * LONGEST_AWAY_MS);
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const killBridge = async (): Promise<void> => {
    const bridge = oneOf(bridges);
    await bridge.kill();
    kills.bridges += 1;
    await away();
    bridge.start();
  };
  const cutConnection = async (): Promise<void> => {
    const proxy = oneOf(Object.values(proxies));
    await proxy.cut();
    kills['broker connections'] += 1;
    await away();
    await proxy.mend();
  };
  const killTheEngine = async (): Promise<void> => {
    kills.engine += 1;
    await killEngine(random() * LONGEST_AWAY_MS);
  };
  while (!signal.aborted) {
    await delay(LEAST_PAUSE_MS + random() * MORE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    // What was begun is finished: in the end all are there again.
    if (!signal.aborted) await oneOf([killBridge, killBridge, cutConnection, cutConnection, killTheEngine])();
  }
  return kills;
}
