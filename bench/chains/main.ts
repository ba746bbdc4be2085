import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { runProcess } from '../../cli/process.ts';
import { silenceAwsNotice } from '../../lib/config/environment.ts';
import { createLog } from '../../lib/log.ts';

import { measureBundling } from './bundling.ts';
import { measureIdle, measureSteps } from './measure.ts';
import { openStage } from './stage.ts';
import { chainsTable, type TestTimes } from './table.ts';

/** What the chain kit costs: a step beside a bare workflow's, idle GPUs, bundling beside the SDK's own, a first test. */
const CACHE = join(process.cwd(), 'node_modules/.cache/durable-queue-manager');

silenceAwsNotice();
const log = createLog({ level: 'error' });
const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-'));
try {
  await runProcess(log, async (opened) => {
    const stage = await openStage({ folder, log, opened });
    const stepMs = await measureSteps(stage);
    const idleShare = await measureIdle(stage);
    const bundling = await measureBundling(log);
    await rm(CACHE, { recursive: true, force: true });
    const tests = { cold: await timesOfTests(), warm: await timesOfTests() };
    const results = { stepMs, idleShare, bundling, tests };
    process.stdout.write(chainsTable(results));
    await writeFile(join(process.cwd(), 'bench/chains/results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
    opened.runs({ done: Promise.resolve(), stop: () => undefined });
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function timesOfTests(): Promise<TestTimes> {
  const program = fileURLToPath(new URL('first-test.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  return JSON.parse(stdout) as TestTimes;
}
