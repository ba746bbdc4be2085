import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { heartbeat, sleep } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';

import { processorMs } from '../process-figures.ts';

import type { Stage } from './stage.ts';

const TASK_QUEUE = 'beats';
const LONG_MS = 20_000;
const PERIOD_MS = 1_000;

/** Of one processor, what the engine spends on so many running commands that each beat once a second. */
export async function beatsCost({ client, engine }: Stage, hosts: number, pid: number): Promise<number> {
  const connection = await NativeConnection.connect({ address: engine.address });
  const worker = await Worker.create({
    connection,
    namespace: client.options.namespace,
    taskQueue: TASK_QUEUE,
    activities: {
      async command(): Promise<void> {
        // As `activities/heartbeat.ts` does, with what an attempt leaves to the next one.
        for (;;) {
          heartbeat({ state: 'rendering', host: 'gpu-01', attempt: 1, commandFailures: 0, breaks: [] });
          await sleep(PERIOD_MS);
        }
      },
    },
    maxConcurrentActivityTaskExecutions: hosts,
    maxHeartbeatThrottleInterval: PERIOD_MS,
  });
  const done = worker.run();
  const idle = await processorShare(pid);
  const options = { taskQueue: TASK_QUEUE, startToCloseTimeout: '5 minutes', heartbeatTimeout: '30 seconds' } as const;
  const started = await Promise.all(
    Array.from({ length: hosts }, () => client.activity.start('command', { ...options, id: randomUUID() })),
  );
  await delay(PERIOD_MS * 2);
  const busy = await processorShare(pid);
  await Promise.all(started.map((activity) => activity.terminate('measured')));
  worker.shutdown();
  await done;
  await connection.close();
  return busy - idle;
}

async function processorShare(pid: number): Promise<number> {
  const [beganMs, spentMs] = [performance.now(), processorMs(pid)];
  await delay(LONG_MS);
  return (processorMs(pid) - spentMs) / (performance.now() - beganMs);
}
