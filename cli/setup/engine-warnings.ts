import type { Client } from '@temporalio/client';

import { AUTO_WITHOUT_WORKERS } from '../../bridges/allowance/allowance.ts';
import { probeOrder } from '../../lib/engine/order-probe.ts';
import { canListWorkers } from '../../lib/hosts.ts';
import { errorText } from '../../lib/log.ts';

/** What this engine cannot do, a sentence each with what to do; it runs jobs all the same. */
export async function engineWarnings(client: Client): Promise<string[]> {
  const [workers, order] = await Promise.all([workersWarning(client), orderWarnings(client)]);
  return [...workers, ...order];
}

async function workersWarning(client: Client): Promise<string[]> {
  if (await canListWorkers(client)) return [];
  return [
    `it cannot list workers, so max_waiting_jobs auto is ${AUTO_WITHOUT_WORKERS}, dqm hosts shows nothing and ready hosts are not known; set frontend.WorkerHeartbeatsEnabled to true (Temporal server 1.30 or later)`,
  ];
}

async function orderWarnings(client: Client): Promise<string[]> {
  try {
    const { partitions, byPriority, byTenant } = await probeOrder(client);
    if (partitions > 1) {
      return [
        `its task queues have ${partitions} partitions, and priority and the turns of tenants hold in each of them alone; set matching.numTaskqueueReadPartitions and matching.numTaskqueueWritePartitions to 1`,
      ];
    }
    return [
      ...(byPriority ? [] : ['jobs of a higher priority do not go first; set matching.useNewMatcher to true']),
      ...(byTenant ? [] : ['tenants do not take turns; set matching.enableFairness to true']),
    ];
  } catch (error) {
    return [`whether priority and the turns of tenants hold could not be tried: ${errorText(error)}`];
  }
}
