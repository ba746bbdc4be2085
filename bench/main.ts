import { createLog } from '../lib/log.ts';

import { measure } from './measure.ts';
import { openRivals } from './rivals.ts';
import { runBench } from './run-bench.ts';
import { resultsTable } from './table.ts';

/** Measures a job against a bare Temporal workflow that makes the same calls, in one run on one engine, turn by turn. */
const ROUNDS = 7;
const IDLE_JOBS = 15;
const BUSY_JOBS = 120;

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'results.json',
  open: async (bench) => {
    const rivals = await openRivals(bench);
    return () => measure(rivals, { rounds: ROUNDS, idleJobs: IDLE_JOBS, busyJobs: BUSY_JOBS });
  },
  table: resultsTable,
});
