import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Opened } from '../../cli/process.ts';
import { startDqm } from '../hosts/dqm-process.ts';
import { memoryDuring } from '../process-figures.ts';

import type { Broker } from './brokers.ts';
import { bridgeConfigText } from './places.ts';

/** What a start leaves behind is collected by then. */
const REST_MS = 10_000;
const LOOK_MS = 1_000;

export interface BridgeMemory {
  waiting: number;
  /** `auto`, while no host is ready: all of them stay in the broker. */
  autoMb: number;
  /** At most, while it takes all of them in. */
  unlimitedMb: number;
}

/** Resident memory of a bridge in a process of its own, with so many messages in the broker. */
export async function bridgeMemory(
  broker: Broker,
  waiting: number,
  { opened, ...places }: { folder: string; engine: string; opened: Opened },
): Promise<BridgeMemory> {
  const queue = await broker.fill(waiting);
  const folder = await mkdtemp(join(places.folder, 'bridge-'));
  const most = async (maxWaitingJobs: string, work: () => Promise<void>): Promise<number> => {
    const file = join(folder, `${maxWaitingJobs}.conf`);
    await writeFile(file, bridgeConfigText({ ...places, folder, broker: broker.lines(queue, maxWaitingJobs) }));
    const bridge = await startDqm(['bridge', '--config', file], 'Bridge started', opened);
    try {
      return (await memoryDuring(bridge.pid, work)).mostMb;
    } finally {
      await bridge.stop();
    }
  };
  const autoMb = await most('auto', () => delay(REST_MS));
  const left = await broker.depth(queue);
  if (left !== waiting) throw new Error(`of ${waiting} messages ${left} are left, although no host is ready`);
  const unlimitedMb = await most('unlimited', async () => {
    while ((await broker.depth(queue)) > 0) await delay(LOOK_MS);
  });
  return { waiting, autoMb, unlimitedMb };
}
