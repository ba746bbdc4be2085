import { setTimeout as delay } from 'node:timers/promises';

import { createLog } from '../../lib/log.ts';
import { runBench } from '../run-bench.ts';

import { openPeers, type Peers } from './peers.ts';
import { gapsTable, type GapResults } from './table.ts';

/** How long a GPU is idle between two commands while jobs wait, by the simulator's own record, with peers beside us. */
const JOBS = 60;
const WARM_UP = 10;
const UPLOADS_MS = [80, 0];

await runBench({
  log: createLog({ level: 'error' }),
  file: 'gpu-gap/results.json',
  open: async (bench) => {
    const peers = await openPeers(bench);
    return () => measure(peers);
  },
  table: gapsTable,
});

async function measure({ peers, render, gaps }: Peers): Promise<GapResults[]> {
  const results: GapResults[] = [];
  for (const uploadMs of UPLOADS_MS) {
    const work = { render, upload: () => delay(uploadMs), uploadMs };
    for (const peer of peers) {
      await peer.run(WARM_UP, work);
      await gaps();
      await peer.run(JOBS, work);
      results.push({ name: peer.name, uploadMs, gapsMs: await gaps() });
    }
  }
  return results;
}
