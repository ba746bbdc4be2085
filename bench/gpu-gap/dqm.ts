import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

import { openGpuWorkers } from '../../cli/parts/gpu-workers.ts';
import { intakeOf } from '../../cli/parts/intake.ts';
import { openJobWorker } from '../../cli/parts/job-worker.ts';
import type { Shared } from '../../cli/parts/shared.ts';
import type { ResultStore } from '../../lib/results/store.ts';

import type { Peer } from './peer.ts';

/** This program: its own workers, and a result store that takes as long as the others' upload. */
export async function dqmPeer(shared: Shared, client: Client, queue: string, command: Buffer): Promise<Peer> {
  let uploadMs = 0;
  const store: ResultStore = {
    ...shared.store,
    put: async (key, file, signal) => {
      await delay(uploadMs);
      return shared.store.put(key, file, signal);
    },
  };
  const besideWorker = await openJobWorker({ ...shared, store });
  await openGpuWorkers({ ...shared, store });
  const { intake } = intakeOf({ ...shared, client, besideWorker });
  const start = async (): Promise<string> => {
    const messageId = randomUUID();
    const message = { queue, body: command, messageId, attributes: {}, envelope: { transport: 'direct' } as const };
    const verdict = await intake.judge(message, shared.opened.signal);
    if (verdict.outcome !== 'started') throw new Error(`the job was not started: ${JSON.stringify(verdict)}`);
    return verdict.workflowId;
  };
  return {
    name: 'dqm',
    run: async (jobs, work) => {
      ({ uploadMs } = work);
      const started = await Promise.all(Array.from({ length: jobs }, start));
      await Promise.all(started.map((id) => client.workflow.getHandle(id).result()));
    },
  };
}
