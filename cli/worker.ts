import type { Context } from './context.ts';
import { openGpuWorkers } from './parts/gpu-workers.ts';
import { openJobWorker } from './parts/job-worker.ts';
import { openShared } from './parts/shared.ts';
import { runProcess } from './process.ts';

/** `dqm worker jobs`: workflows and completion tasks, until it is told to stop. */
export const jobWorker = (context: Context): Promise<void> =>
  runProcess(context.log, async (opened) => openJobWorker(await openShared(context, opened)));

/** `dqm worker gpu`: commands on this render host, until it is told to stop; then the running one is finished first. */
export const gpuWorker = (context: Context): Promise<void> =>
  runProcess(context.log, async (opened) => openGpuWorkers(await openShared(context, opened)));
