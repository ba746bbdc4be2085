import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

import { workflowTasksWaiting } from '../task-queue.ts';

/** In which order an engine gives out what waits. */
export interface EngineOrder {
  /** Of a task queue: order holds inside each of them alone, so with several the rest is chance. */
  partitions: number;
  byPriority: boolean;
  /** Tenants take turns. */
  byTenant: boolean;
}

/** So many of one tenant come before the only one of another, unless they take turns. */
const MANY = 6;
/** An answer comes at once, unless the engine has much to do. */
const POLL_LIMIT_MS = 20_000;
const LOOK_MS = 20;
/** They are deleted when they have been seen; where that is not allowed they end by themselves. */
const LIFE_MS = 60_000;

/**
 * Tries it, since an engine does not tell its settings: starts eight workflows that nobody runs (`dqm/order-probe`) on a
 * task queue of their own, takes their tasks as a worker would, and deletes them.
 */
export async function probeOrder(client: Client): Promise<EngineOrder> {
  const { namespace } = client.options;
  const { workflowService } = client.connection;
  const name = `dqm-order-probe-${randomUUID()}`;
  const idOf = (task: string): string => `${name}/${task}`;
  const start = (task: string, fairnessKey: string, priorityKey = 3) =>
    client.workflow.start('dqm/order-probe', {
      workflowId: idOf(task),
      taskQueue: name,
      workflowExecutionTimeout: LIFE_MS,
      priority: { priorityKey, fairnessKey },
    });
  const tasks = [...Array.from({ length: MANY }, (_, number) => `many-${number}`), 'few', 'urgent'];
  try {
    for (const task of tasks.slice(0, MANY)) await start(task, 'many');
    await start('few', 'few');
    await start('urgent', 'many', 1);
    const { workflowTaskQueuePartitions } = await workflowService.listTaskQueuePartitions({
      namespace,
      taskQueue: { name },
    });
    await untilWaiting(client, name, tasks.length);
    const order: string[] = [];
    while (order.length < tasks.length) {
      const { workflowExecution } = await client.withDeadline(Date.now() + POLL_LIMIT_MS, () =>
        workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name } }),
      );
      order.push(workflowExecution?.workflowId ?? '');
    }
    return {
      partitions: workflowTaskQueuePartitions.length,
      byPriority: order[0] === idOf('urgent'),
      byTenant: order.indexOf(idOf('few')) < MANY / 2,
    };
  } finally {
    const deleted = tasks.map((task) =>
      workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId: idOf(task) } }),
    );
    await Promise.allSettled(deleted);
  }
}

/** A workflow is started before its task waits: what is not there yet cannot be first. */
async function untilWaiting(client: Client, taskQueue: string, count: number): Promise<void> {
  const giveUp = Date.now() + POLL_LIMIT_MS;
  while ((await workflowTasksWaiting(client, taskQueue)) < count && Date.now() < giveUp) await delay(LOOK_MS);
}
