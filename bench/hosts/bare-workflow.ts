import { proxyActivities } from '@temporalio/workflow';

import type { BareActivities } from './bare-farm.ts';

/** A job as anyone would write it first: its command on the hosts' task queue, with the workflow's own priority. */
export async function bareJob(taskQueue: string, parameters: object): Promise<void> {
  await proxyActivities<BareActivities>({ taskQueue, startToCloseTimeout: '1 minute' }).command(parameters);
}
