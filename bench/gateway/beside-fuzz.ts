import { percentile } from '../statistics.ts';

import type { Target } from './caller.ts';
import { openCaller } from './load.ts';

export interface BesideFuzz {
  aloneP95Ms: number;
  besideP95Ms: number;
}

const ROUNDS = 10;
const CALLS = 300;
/** Longer than the calls take: they have it beside them from the first to the last. */
const FUZZ_MS = 2_000;
const SEED = 20_260_101;

/** A good call turn by turn alone, and beside a client that sends one broken request after the other. */
export async function besideFuzz(url: string, target: Target): Promise<BesideFuzz> {
  const good = await openCaller(target);
  const bad = await openCaller({ kind: 'fuzz', url, seed: SEED });
  const calls = async (): Promise<number[]> => (await good.order({ kind: 'times', calls: CALLS })).timesMs;
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const quiet = await calls();
    const fuzz = bad.order({ kind: 'rate', ms: FUZZ_MS, callers: 1 });
    const loud = await calls();
    await fuzz;
    if (round === 0) continue;
    alone.push(...quiet);
    beside.push(...loud);
  }
  good.close();
  bad.close();
  return { aloneP95Ms: rounded(percentile(alone, 95)), besideP95Ms: rounded(percentile(beside, 95)) };
}

const rounded = (ms: number): number => Number(ms.toFixed(2));
