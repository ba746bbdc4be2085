import type { Broker } from './brokers.ts';
import { median } from '../statistics.ts';

const GOOD = 1_000;
/** Each way has been gone once before anything counts. */
const WARM_UP = 100;

export interface Poisoned {
  good: number;
  poison: number;
  /** Throughput with it, as a part of that without. */
  ratio: number;
  /** The same of this process' processor time for all of them, which other work on the machine does not disturb. */
  cpuRatio: number;
}

/** What one message that is no job costs those beside it: with it and without in turn, each first in every other round. */
export async function poisoned(
  broker: Broker,
  rounds: number,
  bridge: (queue: string, messages: number) => Promise<unknown>,
): Promise<Poisoned> {
  await bridge(await broker.fill(WARM_UP, 1), WARM_UP + 1);
  const ratios: number[] = [];
  const cpuRatios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const seconds = { 0: 0, 1: 0 };
    const cpu = { 0: 0, 1: 0 };
    for (const poison of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const queue = await broker.fill(GOOD, poison);
      const [startMs, before] = [performance.now(), process.cpuUsage()];
      await bridge(queue, GOOD + poison);
      const { user, system } = process.cpuUsage(before);
      seconds[poison] = performance.now() - startMs;
      cpu[poison] = user + system;
    }
    ratios.push(seconds[0] / seconds[1]);
    cpuRatios.push(cpu[0] / cpu[1]);
  }
  const [ratio, cpuRatio] = [ratios, cpuRatios].map((all) => Number(median(all).toFixed(2)));
  return { good: GOOD, poison: 1, ratio: ratio ?? Number.NaN, cpuRatio: cpuRatio ?? Number.NaN };
}
