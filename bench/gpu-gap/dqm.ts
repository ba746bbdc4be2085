import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

import { openGpuWorkers } from '../../cli/parts/gpu-workers.ts';
import { intakeOf } from '../../cli/parts/intake.ts';
import { openJobWorker } from '../../cli/parts/job-worker.ts';
import type { Shared } from '../../cli/parts/shared.ts';
import { readGpuQueue } from '../../lib/gpu-queue.ts';
import { pause, resume } from '../../lib/pause.ts';
import type { ResultStore } from '../../lib/results/store.ts';

import type { Peer } from './peer.ts';

/** A row of this program: how long a command takes decides when the next one is called. */
export interface DqmPeer {
  name: string;
  /** Of each message. */
  body: string;
}

/** This program: its own workers, and a result store that takes as long as the others' upload and really stores. */
export async function dqmPeers(
  shared: Shared,
  client: Client,
  queue: string,
  peers: readonly DqmPeer[],
): Promise<Peer[]> {
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
  const start = async (body: string): Promise<string> => {
    const messageId = randomUUID();
    const message = {
      queue,
      body: Buffer.from(body),
      messageId,
      attributes: {},
      envelope: { transport: 'direct' } as const,
    };
    const verdict = await intake.judge(message, shared.opened.signal);
    if (verdict.outcome !== 'started') throw new Error(`the job was not started: ${JSON.stringify(verdict)}`);
    return verdict.workflowId;
  };
  return peers.map(({ name, body }) => ({
    name,
    run: async (jobs, work) => {
      ({ uploadMs } = work);
      // As with the others, all jobs wait before the first one begins.
      await pause(client, { queue }, 'bench');
      const started = await Promise.all(Array.from({ length: jobs }, () => start(body)));
      while ((await readGpuQueue(client, queue)).waiting < jobs) await delay(100);
      await resume(client, { queue }, 'bench');
      await Promise.all(started.map((id) => client.workflow.getHandle(id).result()));
    },
  }));
}
