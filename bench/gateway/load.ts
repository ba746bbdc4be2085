import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { median } from '../statistics.ts';

import type { Done, Order, Target } from './caller.ts';
import { processorMs } from '../process-figures.ts';

/** Who is called, and the process that answers, where its cost is asked for. */
export interface Rival {
  target: Target;
  pid?: number;
  /** Requests at once. Default: 16. */
  callers?: number;
}

export interface Load {
  /** With 16 calls at once. */
  perSecond: number;
  /** With one. */
  p50Ms: number;
  /** Processor time of the process that answers, for each call of those at once. */
  processorMs?: number;
}

const ROUNDS = 6;
const ROUND_MS = 1_000;
export const CALLERS = 16;
const SINGLE_CALLS = 60;

/** Each of them in each round, so that a busy machine is as busy for all. The first round warms up. */
export async function inTurn<Name extends string>(rivals: Record<Name, Rival>): Promise<Record<Name, Load>> {
  const names = Object.keys(rivals) as Name[];
  const runs = await Promise.all(names.map(async (name) => ({ name, ...(await openRun(rivals[name])) })));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { measure } of runs) await measure(round > 0);
  }
  for (const { close } of runs) close();
  return Object.fromEntries(runs.map(({ name, result }) => [name, result()])) as Record<Name, Load>;
}

async function openRun({ target, pid, callers = CALLERS }: Rival) {
  const caller = await openCaller(target);
  const rates: number[] = [];
  const costs: number[] = [];
  const times: number[] = [];
  return {
    measure: async (counts: boolean): Promise<void> => {
      const before = pid === undefined ? 0 : processorMs(pid);
      const { calls, ms } = await caller.order({ kind: 'rate', ms: ROUND_MS, callers });
      const cost = pid === undefined ? 0 : (processorMs(pid) - before) / calls;
      const { timesMs } = await caller.order({ kind: 'times', calls: SINGLE_CALLS });
      if (!counts) return;
      rates.push((calls * 1_000) / ms);
      costs.push(cost);
      times.push(...timesMs);
    },
    result: (): Load => ({
      perSecond: Math.round(median(rates)),
      p50Ms: Number(median(times).toFixed(2)),
      ...(pid !== undefined && { processorMs: Number(median(costs).toFixed(2)) }),
    }),
    close: caller.close,
  };
}

export interface Caller {
  order(order: Order): Promise<Done>;
  close(): void;
}

/** A load in a process of its own. */
export async function openCaller(target: Target): Promise<Caller> {
  const child = fork(join(import.meta.dirname, 'caller.js'), [JSON.stringify(target)]);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the caller of ${target.kind} ended`)));
  ended.catch(() => undefined);
  const said = async (): Promise<unknown> => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as unknown[];
    return message;
  };
  await said();
  return {
    order: (order) => {
      child.send(order);
      return said() as Promise<Done>;
    },
    close: () => child.kill('SIGKILL'),
  };
}
