import type { Client } from '@temporalio/client';

import { bridgeTaskQueue, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { DqmQueue, DqmState } from '../../lib/contract/search-attributes.ts';
import { readGpuQueue, type GpuQueue } from '../../lib/gpu-queue.ts';
import { canListWorkers, listGpuSlots } from '../../lib/hosts.ts';
import { countPollers, workflowTasksWaiting } from '../../lib/task-queue.ts';

import { callEngine } from '../engine.ts';

/** What an allowance asks the engine about one queue. */
export interface Farm {
  gpuQueue(): Promise<Pick<GpuQueue, 'waiting' | 'dispatchRate' | 'paused'>>;
  /** Undefined when the engine cannot list workers. */
  slots(): Promise<Slots | undefined>;
  /** Steps of workflows, of all queues, that no job worker has taken yet. */
  workflowTasks(): Promise<number>;
  /** Jobs of this queue whose command has not ended, running and backing-off ones too. Seconds old on a large engine. */
  unfinishedCommands(): Promise<number>;
  /** Bridges of this queue, at least one. */
  bridges(): Promise<number>;
}

/** Ready ones. */
export interface Slots {
  ready: number;
  idle: number;
}

export function createFarm(client: Client, queue: string): Farm {
  const ask = <T>(question: () => Promise<T>): Promise<T> => callEngine(client, question);
  return {
    gpuQueue: () => ask(() => readGpuQueue(client, queue)),
    slots: () => ask(() => slotsOf(client, queue)),
    workflowTasks: () => ask(() => workflowTasksWaiting(client, JOBS_TASK_QUEUE)),
    unfinishedCommands: async () => {
      const query = `${DqmQueue.name} = '${queue}' AND ${DqmState.name} = 'waiting' AND ExecutionStatus = 'Running'`;
      return (await ask(() => client.workflow.count(query))).count;
    },
    bridges: async () => Math.max(1, await ask(() => countPollers(client, bridgeTaskQueue(queue)))),
  };
}

async function slotsOf(client: Client, queue: string): Promise<Slots | undefined> {
  const slots = (await canListWorkers(client)) ? await listGpuSlots(client, [queue]) : undefined;
  const ready = slots?.filter(({ isReady }) => isReady);
  return ready && { ready: ready.length, idle: ready.filter(({ isIdle }) => isIdle).length };
}
