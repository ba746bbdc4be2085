import { percentile } from '../statistics.ts';

import type { Target } from './caller.ts';
import { openCaller } from './load.ts';

/** Of a good call alone, and beside another client that sends one request after the other. */
export interface BesideFuzz {
  aloneP95Ms: number;
  besideGoodP95Ms: number;
  besideBrokenP95Ms: number;
}

const ROUNDS = 10;
const CALLS = 300;
/** Longer than the calls take: they have the other client, if any, beside them from the first to the last. */
const OTHER_MS = 2_000;
const SEED = 20_260_101;

/** Another client's request is under way either way: what differs is that it is good, or broken. */
export async function besideFuzz(url: string, target: Target): Promise<BesideFuzz> {
  const good = await openCaller(target);
  const others = {
    alone: undefined,
    good: await openCaller(target),
    broken: await openCaller({ kind: 'fuzz', url, seed: SEED }),
  };
  const times: Record<keyof typeof others, number[]> = { alone: [], good: [], broken: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of ['alone', 'good', 'broken'] as const) {
      const other = others[name]?.order({ kind: 'rate', ms: OTHER_MS, callers: 1 });
      const { timesMs } = await good.order({ kind: 'times', calls: CALLS });
      await other;
      if (round > 0) times[name].push(...timesMs);
    }
  }
  for (const caller of [good, others.good, others.broken]) caller.close();
  return {
    aloneP95Ms: rounded(percentile(times.alone, 95)),
    besideGoodP95Ms: rounded(percentile(times.good, 95)),
    besideBrokenP95Ms: rounded(percentile(times.broken, 95)),
  };
}

const rounded = (ms: number): number => Number(ms.toFixed(2));
