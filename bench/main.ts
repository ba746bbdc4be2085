import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { silenceAwsNotice } from '../lib/config/environment.ts';
import { createLog } from '../lib/log.ts';
import { runProcess } from '../cli/process.ts';

import { openRivals } from './rivals.ts';
import { measure } from './measure.ts';
import { resultsTable } from './table.ts';

/** Measures a job against a bare Temporal workflow that makes the same calls, in one run on one engine, turn by turn. */
const ROUNDS = 7;
const IDLE_JOBS = 15;
const BUSY_JOBS = 120;

silenceAwsNotice();
const log = createLog({ level: 'warn' });
const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-'));
try {
  await runProcess(log, async (opened) => {
    const rivals = await openRivals({ folder, log, opened });
    const results = await measure(rivals, { rounds: ROUNDS, idleJobs: IDLE_JOBS, busyJobs: BUSY_JOBS });
    process.stdout.write(resultsTable(results));
    await writeFile(join(process.cwd(), 'bench/results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
    opened.runs({ done: Promise.resolve(), stop: () => undefined });
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
