import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

import { activitiesWaiting } from '../../lib/task-queue.ts';

import type { Farm } from './bare-farm.ts';

/** Too long for a GPU worker to call the next one ahead. An urgent job waits for one of them at most. */
const COMMAND_MS = 300;
const STARTS_AT_ONCE = 20;
/** The GPU takes some while they are counted. The same with few and with many: starting jobs is not what is measured. */
const MISSING = 10;
/** Of the parts of a whole that it gives one after the other, none lies close to an earlier one. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** For each farm what `highest` jobs waited, from their start to their command's, in turn, with so many others before each GPU. */
export async function urgentWaits<Name extends string>(
  farms: Record<Name, Farm>,
  { open, jobs, client, signal }: { open: number; jobs: number; client: Client; signal: AbortSignal },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(farms) as Name[];
  const waits = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let nth = 0; nth < jobs; nth += 1) {
    for (const name of names) await fillUp(farms[name], { open, client, signal });
    for (const name of nth % 2 === 0 ? names : names.toReversed()) {
      // After the one before, the next command has just begun: at each moment of it once.
      await delay(((nth * GOLDEN) % 1) * COMMAND_MS);
      waits[name].push(await urgentWait(farms[name], client, `${open}-${nth}`));
    }
  }
  return waits;
}

async function urgentWait({ start, host }: Farm, client: Client, mark: string): Promise<number> {
  const startedMs = Date.now();
  const id = await start({ ms: 1, mark }, 'highest');
  await client.workflow.getHandle(id).result();
  const call = (await host.calls('sleep')).find(({ body }) => body.includes(JSON.stringify(mark)));
  return (call?.start ?? Number.NaN) - startedMs;
}

/** Until about that many commands wait inside the engine: the GPU takes some meanwhile. */
async function fillUp(
  { start, gpuTaskQueue }: Farm,
  { open, client, signal }: { open: number; client: Client; signal: AbortSignal },
): Promise<void> {
  for (;;) {
    const missing = open - (await activitiesWaiting(client, gpuTaskQueue));
    if (missing <= MISSING) return;
    for (let started = 0; started < missing; started += STARTS_AT_ONCE) {
      signal.throwIfAborted();
      const now = Math.min(STARTS_AT_ONCE, missing - started);
      await Promise.all(Array.from({ length: now }, () => start({ ms: COMMAND_MS })));
    }
    await untilTaken(client, gpuTaskQueue);
  }
}

/** Until job workers have scheduled what was started. */
async function untilTaken(client: Client, gpuTaskQueue: string): Promise<void> {
  for (let before = -1; ;) {
    const now = await activitiesWaiting(client, gpuTaskQueue);
    if (now <= before) return;
    before = now;
    await delay(1_000);
  }
}
