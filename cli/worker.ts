import type { Context } from './context.ts';
import { openShared } from './parts/shared.ts';
import { runProcess } from './process.ts';

// Each loads its own parts alone: memory of a render host is for RealityServer.

/** `dqm worker jobs`: workflows and completion tasks, until it is told to stop. */
export async function jobWorker(context: Context): Promise<void> {
  const { openJobWorker } = await import('./parts/job-worker.ts');
  await runProcess(context.log, async (opened) => void (await openJobWorker(await openShared(context, opened))));
}

/** `dqm worker gpu`: commands on this render host, until it is told to stop; then the running one is finished first. */
export async function gpuWorker(context: Context): Promise<void> {
  const { openGpuWorkers } = await import('./parts/gpu-workers.ts');
  await runProcess(context.log, async (opened) => openGpuWorkers(await openShared(context, opened)));
}
