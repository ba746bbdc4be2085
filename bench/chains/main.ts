import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createLog } from '../../lib/log.ts';
import { runBench } from '../run-bench.ts';

import { measureBundling } from './bundling.ts';
import { measureIdle, measureSteps } from './measure.ts';
import { openStage } from './stage.ts';
import { chainsTable, type TestTimes } from './table.ts';

/** What the chain kit costs: a step beside a bare workflow's, idle GPUs, bundling beside the SDK's own, a first test. */
const CACHE = join(process.cwd(), 'node_modules/.cache/durable-queue-manager');

await runBench({
  log: createLog({ level: 'error' }),
  file: 'chains/results.json',
  open: async (bench) => {
    const stage = await openStage(bench);
    return async () => {
      const stepMs = await measureSteps(stage);
      const idleShare = await measureIdle(stage);
      const bundling = await measureBundling(bench.log);
      await rm(CACHE, { recursive: true, force: true });
      const tests = { cold: await timesOfTests(), warm: await timesOfTests() };
      return { stepMs, idleShare, bundling, tests };
    };
  },
  table: chainsTable,
});

async function timesOfTests(): Promise<TestTimes> {
  const program = fileURLToPath(new URL('first-test.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  return JSON.parse(stdout) as TestTimes;
}
