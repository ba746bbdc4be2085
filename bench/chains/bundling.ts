import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

import type { Log } from '../../lib/log.ts';
import { bundleChains } from '../../workers/bundle.ts';
import { median } from '../statistics.ts';

const ROUNDS = 5;

const fileOf = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

/** Seconds of processor time to bundle a small chains module, and the same small workflow with the SDK alone; turn by turn. */
export async function measureBundling(log: Log): Promise<{ chains: number; sdk: number }> {
  const times = { chains: [] as number[], sdk: [] as number[] };
  const allowed = new Set(['steps', 'frames']);
  const logger = new DefaultLogger('ERROR');
  // The first of all loads the bundler.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const sdk = await seconds(() => bundleWorkflowCode({ workflowsPath: fileOf('bare-workflow'), logger }));
    const chains = await seconds(() => bundleChains(fileOf('chains'), allowed, log));
    if (round === 0) continue;
    times.sdk.push(sdk);
    times.chains.push(chains);
  }
  return { chains: median(times.chains), sdk: median(times.sdk) };
}

/** Of the processor: what else the machine does is not counted. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
