import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Clock } from '../../lib/clock.ts';
import { gpuWorkerIdentity } from '../../lib/contract/names.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createRealityServer } from '../../lib/realityserver/http.ts';
import { createFileStore } from '../../lib/results/file-store.ts';
import { createStaging } from '../../lib/results/staging.ts';
import { startSimulator, type Simulator } from '../../simulator/server.ts';
import { startGpuWorker, type GpuWorkerDeps } from '../../workers/gpu.ts';
import { createRunMarker } from '../../workers/run-marker.ts';

import { aLog } from './a-log.ts';
import type { TestNamespace } from './a-namespace.ts';

/** Health of hosts, ten minutes of it in a few seconds. */
export const fastClock = (times: number): Clock => ({
  now: () => performance.now() * times,
  sleep: (milliseconds, signal) => delay(milliseconds / times, undefined, { signal }).catch(() => undefined),
});

export interface GpuHostOptions extends Partial<GpuWorkerDeps> {
  queue: string;
  /** What hosts share: a result store. */
  shared: string;
}

/** A render host in this process: its GPU worker and its own simulated RealityServer, on the test's engine. */
export async function aGpuHost(engine: TestNamespace, { shared, ...options }: GpuHostOptions) {
  const { host = 'gpu-01' } = options;
  const identity = gpuWorkerIdentity(host, 1);
  const folder = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  const simulator: Simulator = await startSimulator();
  const realityServer = createRealityServer({ url: simulator.url });
  const log = aLog();
  const metrics = createMetrics();
  const worker = await startGpuWorker({
    connection: await engine.connectWorker(),
    client: engine.client,
    namespace: engine.namespace,
    host,
    slot: 1,
    realityServer,
    realityServerName: host,
    stagingFolder: join(folder, 'staging'),
    staging: createStaging({ folder: join(folder, 'staging'), identity }),
    marker: createRunMarker({ folder: join(folder, 'runs'), identity }),
    allowCommands: new Set(['render_product', 'big_result', 'echo', 'sleep', 'fault']),
    commands: new Map(),
    canaryCommand: 'get_version',
    abandonedWaitMs: 60_000,
    stallTimeoutMs: 0,
    store: createFileStore({ root: shared }),
    maxStaging: 2,
    drainTimeoutMs: 5_000,
    clock: fastClock(1),
    metrics,
    log,
    onReady() {},
    ...options,
  });
  /** A fault of its worker shows when it is stopped. */
  worker.done.catch(() => undefined);
  const simulate = async (method: string, parameters: object): Promise<void> => {
    const { bytes } = await realityServer.run(method, JSON.stringify(parameters), new AbortController().signal);
    bytes.resume();
  };
  return {
    host,
    simulator,
    log,
    metrics,
    /** The next calls of a command fail so; the next `times`. */
    plan: (fault: object) => simulate('sim_faults', fault),
    forgive: () => simulate('sim_faults', { clear: true }),
    stop: async () => {
      worker.stop();
      await worker.done;
      await realityServer.close();
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type GpuHost = Awaited<ReturnType<typeof aGpuHost>>;
