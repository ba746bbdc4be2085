import { join } from 'node:path';

import { systemClock } from '../../lib/clock.ts';
import type { Config } from '../../lib/config/config.ts';
import { createRealityServer } from '../../lib/realityserver/http.ts';
import { createStaging } from '../../lib/results/staging.ts';
import { connectClient, connectWorker } from '../../lib/temporal.ts';
import { gpuWorkerIdentity } from '../../lib/contract/names.ts';
import { startGpuWorker } from '../../workers/gpu.ts';
import { createRunMarker } from '../../workers/run-marker.ts';
import { UsageError } from '../context.ts';

import { freeHostName } from './host-name.ts';
import type { Shared } from './shared.ts';

/** The queue whose commands this file's GPU workers run. Rejects a file that names none, or no RealityServer. */
export function gpuQueue({ listenQueue, dqm, file }: Config): string {
  if (listenQueue === undefined)
    throw new UsageError(`${file}: a GPU worker needs listen_queue in <user queue_manager>`);
  if (dqm.realityServerUrls.length === 0)
    throw new UsageError(`${file}: a GPU worker needs realityserver_url in <user dqm>`);
  return listenQueue;
}

/** One worker for each `realityserver_url`; they take work for `listen_queue`. */
export async function openGpuWorkers(shared: Shared): Promise<void> {
  const { config, temporal, opened, log } = shared;
  const { dqm } = config;
  const queue = gpuQueue(config);
  const { client, close } = await connectClient(temporal, { log, signal: opened.signal });
  opened.closes(close);
  const host = await freeHostName({ client, config, clock: systemClock, log, signal: opened.signal });
  if (host === undefined) return;
  for (const [index, url] of dqm.realityServerUrls.entries()) {
    const slot = index + 1;
    const identity = gpuWorkerIdentity(host, slot);
    const connection = await connectWorker(temporal, { log, signal: opened.signal });
    opened.closes(() => connection.close());
    const realityServer = createRealityServer({ url, progress: dqm.progress });
    opened.closes(() => realityServer.close());
    opened.runs(
      await startGpuWorker({
        connection,
        client,
        namespace: temporal.namespace,
        dataConverter: temporal.dataConverter,
        queue,
        host,
        slot,
        realityServer,
        realityServerName: new URL(url).origin,
        allowCommands: config.allowCommands,
        commands: dqm.commands,
        canaryCommand: dqm.canaryCommand,
        stallTimeoutMs: dqm.stallTimeoutMs,
        abandonedWaitMs: dqm.abandonedWaitMs,
        marker: createRunMarker({ folder: join(dqm.dataFolder, 'runs'), identity }),
        stagingFolder: dqm.stagingFolder,
        staging: createStaging({ folder: dqm.stagingFolder, identity }),
        store: shared.store,
        maxStaging: dqm.maxStagingJobs,
        drainTimeoutMs: dqm.drainTimeoutMs,
        metrics: shared.metrics,
        clock: systemClock,
        log,
        onReady: shared.readiness.part(`RealityServer ${new URL(url).origin}`),
      }),
    );
  }
}
