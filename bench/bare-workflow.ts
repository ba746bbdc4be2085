import { proxyActivities } from '@temporalio/workflow';

import type { BareActivities } from './bare-activities.ts';

/** What anyone would write first: three activities in order, each with a timeout and the engine's own retries. */
export async function bare(): Promise<void> {
  const { command, put, post } = proxyActivities<BareActivities>({ startToCloseTimeout: '1 minute' });
  await command();
  await put();
  await post();
}
