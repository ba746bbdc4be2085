import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';

import type { GpuWork, Peer } from './peer.ts';

const TASK_QUEUE = 'plain';

/** A worker with one slot, whose activity renders and uploads; without a workflow around it, which only helps it. */
export function plainTemporalPeer(client: Client, connection: NativeConnection): Peer {
  const worked = async ({ render, upload }: GpuWork): Promise<void> => {
    await render();
    await upload();
  };
  return {
    name: 'one-slot Temporal worker',
    run: async (jobs, work) => {
      const started = await Promise.all(
        Array.from({ length: jobs }, () =>
          client.activity.start('job', { id: randomUUID(), taskQueue: TASK_QUEUE, startToCloseTimeout: '1 minute' }),
        ),
      );
      const worker = await Worker.create({
        connection,
        taskQueue: TASK_QUEUE,
        activities: { job: () => worked(work) },
        maxConcurrentActivityTaskExecutions: 1,
      });
      await worker.runUntil(Promise.all(started.map((handle) => handle.result())));
    },
  };
}
