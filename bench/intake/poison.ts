import type { Broker } from './brokers.ts';
import { median } from '../statistics.ts';

const GOOD = 1_000;

export interface Poisoned {
  good: number;
  poison: number;
  /** Throughput with it, as a part of that without. */
  ratio: number;
}

/** What one message that is no job costs those beside it: with it and without in turn, each first in every other round. */
export async function poisoned(
  broker: Broker,
  rounds: number,
  bridge: (queue: string, messages: number) => Promise<unknown>,
): Promise<Poisoned> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const seconds = { 0: 0, 1: 0 };
    for (const poison of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const queue = await broker.fill(GOOD, poison);
      const startMs = performance.now();
      await bridge(queue, GOOD + poison);
      seconds[poison] = performance.now() - startMs;
    }
    ratios.push(seconds[0] / seconds[1]);
  }
  return { good: GOOD, poison: 1, ratio: Number(median(ratios).toFixed(2)) };
}
