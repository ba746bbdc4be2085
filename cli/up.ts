import { findEngine } from '../lib/engine/binary.ts';
import { startEmbeddedEngine } from '../lib/engine/embedded.ts';
import { namesEngine } from '../lib/temporal.ts';

import type { Context } from './context.ts';
import { openBridges } from './parts/bridges.ts';
import { openGateway } from './parts/gateway.ts';
import { gpuQueue, openGpuWorkers } from './parts/gpu-workers.ts';
import { openJobWorker } from './parts/job-worker.ts';
import { openShared } from './parts/shared.ts';
import { runProcess, type Opened } from './process.ts';

/** `dqm up`: all parts of this file in one process, with an engine of its own unless the file or the environment names one. */
export const up = (context: Context): Promise<void> =>
  runProcess(context.log, async (opened) => {
    // Before an engine is started and a data folder made for nothing.
    const listenQueue = gpuQueue(context.config);
    if (!namesEngine(context.config, context.env)) await openEngine(context, opened);
    const shared = await openShared(context, opened);
    // The consumers first: a message that is taken in finds somebody who works on it.
    const besideWorker = await openJobWorker(shared);
    await openGpuWorkers(shared);
    await openBridges({ ...shared, besideWorker }, [listenQueue]);
    await openGateway({ ...shared, besideWorker }, { orNext: true });
    await shared.readiness.untilReady(opened.signal);
    if (!opened.signal.aborted) context.log.info('Up', { listenQueue });
  });

/** Stops last: workers drain against it. */
export async function openEngine({ config, env, log }: Context, opened: Opened): Promise<void> {
  const { dataFolder, temporalNamespace: namespace } = config.dqm;
  const binary = await findEngine({ env, log });
  opened.needs(await startEmbeddedEngine({ binary, dataFolder, env, namespace, log }));
}
