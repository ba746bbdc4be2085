import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';

import type { Opened } from '../../cli/process.ts';
import { connectWorker } from '../../lib/temporal.ts';

import type { Host, Stage } from './stage.ts';

/** A GPU with jobs before it. */
export interface Farm {
  /** Where commands wait for the GPU. */
  gpuTaskQueue: string;
  /** Starts a job whose command is `sleep`; gives its workflow id. */
  start(parameters: object, priority?: 'highest'): Promise<string>;
  host: Host;
}

const JOBS_TASK_QUEUE = 'bare-jobs';
const GPU_TASK_QUEUE = 'bare-gpu';
/** `highest` as the engine has it, where 3 is for who says nothing. */
const HIGHEST = 1;

export type BareActivities = ReturnType<typeof createActivities>;

const createActivities = (host: Host) => ({
  command: (parameters: object): Promise<void> => host.run('sleep', parameters),
});

/** Temporal alone, on the same engine: a worker for workflows and one with a single slot for commands. */
export async function openBareFarm({ client, engine: { address } }: Stage, host: Host, opened: Opened): Promise<Farm> {
  const { namespace } = client.options;
  const openWorker = async (options: { taskQueue: string } & Partial<Parameters<typeof Worker.create>[0]>) => {
    const connection = await connectWorker({ address, namespace });
    opened.closes(() => connection.close());
    const worker = await Worker.create({ connection, namespace, ...options });
    opened.runs({ done: worker.run(), stop: () => worker.shutdown() });
  };
  await openWorker({
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('bare-workflow.js', import.meta.url)),
      logger: new DefaultLogger('WARN'),
    }),
  });
  await openWorker({
    taskQueue: GPU_TASK_QUEUE,
    activities: createActivities(host),
    maxConcurrentActivityTaskExecutions: 1,
  });
  return {
    gpuTaskQueue: GPU_TASK_QUEUE,
    host,
    start: async (parameters, priority) => {
      const { workflowId } = await client.workflow.start('bareJob', {
        workflowId: `bare-${randomUUID()}`,
        taskQueue: JOBS_TASK_QUEUE,
        args: [GPU_TASK_QUEUE, parameters],
        ...(priority && { priority: { priorityKey: HIGHEST } }),
      });
      return workflowId;
    },
  };
}
