import { Worker } from '@temporalio/worker';

import type { CommandInput, RenderedCommand } from '../../activities/command.ts';
import { gpuTaskQueue, gpuWorkerIdentity } from '../../lib/contract/names.ts';

import { aStagedResult } from './a-job-input.ts';
import type { TestNamespace } from './a-namespace.ts';

/** The worker of a render host with one slot, whose commands are what `run` does. */
export async function aGpuWorker(
  engine: TestNamespace,
  { queue, host = 'gpu-07', run }: { queue: string; host?: string; run(input: CommandInput): Promise<unknown> },
): Promise<{ stop(): Promise<void> }> {
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    identity: gpuWorkerIdentity(host, 1),
    taskQueue: gpuTaskQueue(queue),
    maxConcurrentActivityTaskExecutions: 1,
    activities: {
      runCommand: async (input: CommandInput): Promise<RenderedCommand> => {
        await run(input);
        return { result: aStagedResult(), host, gpuSeconds: 1 };
      },
    },
    shutdownGraceTime: '1 minute',
  });
  const done = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await done;
    },
  };
}
