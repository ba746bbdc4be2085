import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { runProcess } from '../../cli/process.ts';
import { silenceAwsNotice } from '../../lib/config/environment.ts';
import { createLog } from '../../lib/log.ts';

import { openPeers } from './peers.ts';
import { gapsTable, type GapResults } from './table.ts';

/** How long a GPU is idle between two commands while jobs wait, by the simulator's own record, with peers beside us. */
const JOBS = 60;
const WARM_UP = 10;
const UPLOADS_MS = [80, 0];

silenceAwsNotice();
const log = createLog({ level: 'error' });
const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-'));
try {
  await runProcess(log, async (opened) => {
    const { peers, render, gaps } = await openPeers({ folder, log, opened });
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
    process.stdout.write(gapsTable(results));
    await writeFile(join(process.cwd(), 'bench/gpu-gap/results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
    opened.runs({ done: Promise.resolve(), stop: () => undefined });
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
