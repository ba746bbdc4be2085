import { isCancellation } from '@temporalio/workflow';

import { MOST_OPEN } from './limits.ts';

export interface ParallelOptions {
  /** How many at once; default 500, which is also the most that a chain has open. */
  atMost?: number;
  /** Do all of them, and give each outcome instead of failing with the first failure. */
  settle?: boolean;
}

/**
 * Does `work` for each item, `atMost` at once, and gives the results in the items' order. After the first failure
 * nothing more begins; what runs ends, then it rejects with that failure.
 */
export function inParallel<Item, Outcome>(
  items: Iterable<Item>,
  options: ParallelOptions & { settle: true },
  work: (item: Item, index: number) => Promise<Outcome>,
): Promise<PromiseSettledResult<Outcome>[]>;
export function inParallel<Item, Outcome>(
  items: Iterable<Item>,
  options: ParallelOptions & { settle?: false },
  work: (item: Item, index: number) => Promise<Outcome>,
): Promise<Outcome[]>;
export async function inParallel<Item, Outcome>(
  items: Iterable<Item>,
  { atMost = MOST_OPEN, settle = false }: ParallelOptions,
  work: (item: Item, index: number) => Promise<Outcome>,
): Promise<(Outcome | PromiseSettledResult<Outcome>)[]> {
  if (!Number.isInteger(atMost) || atMost < 1)
    throw new RangeError(`inParallel: atMost is ${atMost}, must be 1 or more`);
  const list = [...items];
  const outcomes: PromiseSettledResult<Outcome>[] = [];
  const failures: unknown[] = [];
  // All takers share one iterator: each item is taken once, in order.
  const rest = list.entries();

  async function take(): Promise<void> {
    for (const [index, item] of rest) {
      const outcome = await settled(item, index);
      outcomes[index] = outcome;
      if (outcome.status === 'rejected' && (!settle || isCancellation(outcome.reason))) failures.push(outcome.reason);
      if (failures.length > 0) return;
    }
  }

  async function settled(item: Item, index: number): Promise<PromiseSettledResult<Outcome>> {
    try {
      return { status: 'fulfilled', value: await work(item, index) };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  }

  await Promise.all(Array.from({ length: Math.min(atMost, list.length) }, take));
  if (failures.length > 0) throw failures[0];
  return settle ? outcomes : outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Outcome>).value);
}
