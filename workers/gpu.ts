import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';

import type { Break } from '../activities/attempt.ts';
import { createCommandActivities } from '../activities/command.ts';
import type { MeasuredAttempt } from '../activities/render.ts';
import { gpuTaskQueue, gpuWorkerIdentity } from '../lib/contract/names.ts';
import { listGpuSlots } from '../lib/hosts.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { ResultStore } from '../lib/results/store.ts';
import type { Running } from '../lib/run.ts';

import { watchEngine } from './engine-watch.ts';
import { createGpuGuard, type GpuGuardDeps } from './gpu-guard.ts';
import type { HostState } from './host-health.ts';
import { watchHostPause } from './host-pause.ts';
import { startHostStatus, watchGpu } from './host-status.ts';
import { publishLeftovers } from './leftovers.ts';
import { runWorker } from './run-worker.ts';
import { watchStore, type StoreWatch } from './store-watch.ts';

export interface GpuWorkerDeps extends Omit<GpuGuardDeps, 'onState' | 'onStoreWait'> {
  /** Of its own for each RealityServer: two workers of one task queue on one connection are refused. */
  connection: NativeConnection;
  /** Asked whether the workflow of a file left on this host is still open. */
  client: Client;
  namespace: string;
  dataConverter?: DataConverter | undefined;
  queue: string;
  host: string;
  /** The nth `realityserver_url` of this host, from 1. */
  slot: number;
  allowCommands: ReadonlySet<string>;
  stallTimeoutMs: number;
  store: ResultStore;
  drainTimeoutMs: number;
  metrics: Metrics;
  onReady(ready: boolean): void;
}

/**
 * Takes one command at a time for one RealityServer. Activity-only: a render host bundles no workflow and needs no
 * broker. Before it polls, results that an earlier process left complete on this host go to the store.
 */
export async function startGpuWorker(deps: GpuWorkerDeps): Promise<Running> {
  const { connection, client, namespace, dataConverter, queue, host, slot: number, metrics, clock, log } = deps;
  const stopping = new AbortController();
  let running: Running | undefined;
  const identity = gpuWorkerIdentity(host, number);
  let waitsForStore = false;
  const guard = await createGpuGuard({
    ...deps,
    onState: showReadiness(deps),
    onStoreWait: (waits) => {
      waitsForStore = waits;
      metrics.storeWait.inc({ host }, waits ? 1 : -1);
    },
  });
  const watched = watchStore(deps.store);
  const engine = watchEngine({ client, clock });
  const pause = watchHostPause({ client, host, hold: guard.slot.hold, clock, log });
  const hostLog = watchGpu(guard.gpu, measureAttempts(metrics, host));
  const activities = createCommandActivities({
    ...deps,
    store: watched.store,
    identity,
    gpu: hostLog.gpu,
    measured: hostLog.measured,
    hostsBack: hostsBack(client),
    engineWasAway: engine.wasAway,
    paused: () => pause.paused,
    now: () => performance.now(),
  });
  const worker = await Worker.create({
    connection,
    namespace,
    ...(dataConverter && { dataConverter }),
    identity,
    taskQueue: gpuTaskQueue(queue),
    activities,
    tuner: {
      activityTaskSlotSupplier: guard.slot.supplier,
      // The type asks for all four; with activities alone the others are never used.
      workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
      localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
    },
    // A cancel reaches the command with its next heartbeat.
    maxHeartbeatThrottleInterval: '1 second',
    // The SDK's own default of 0 would cancel a running render at once.
    shutdownGraceTime: deps.drainTimeoutMs,
  });
  const status = await startHostStatus({
    ...deps,
    identity,
    realityServerUrl: deps.realityServerName,
    log: hostLog,
    state: () => guard.state,
    storeTrouble: () => storeTrouble(watched, waitsForStore),
    isStopping: () => stopping.signal.aborted,
  });
  return {
    done: work(),
    stop: () => {
      stopping.abort();
      guard.stop();
      running?.stop();
    },
  };

  async function work(): Promise<void> {
    try {
      await publishLeftovers({ ...deps }, stopping.signal);
      if (stopping.signal.aborted) return;
      running = runWorker(worker, deps.drainTimeoutMs);
      await running.done;
    } finally {
      engine.stop();
      pause.stop();
      status.stop();
      await Promise.all([guard.close(), engine.done, pause.done, status.done]);
      log.info('GPU worker ended', { queue, host, slot: number });
    }
  }
}

function storeTrouble({ unreachable }: StoreWatch, waitsForStore: boolean): string | null {
  const waits = waitsForStore ? 'the GPU waits: ' : '';
  if (unreachable !== null) return `${waits}store unreachable: ${unreachable}`;
  return waitsForStore ? `${waits}max_staging_jobs results are on their way to the store` : null;
}

/** A host that rests for a moment is in order. */
function showReadiness({ metrics, host, onReady }: GpuWorkerDeps): (state: HostState) => void {
  let wasReady = false;
  return ({ state }) => {
    const isReady = state === 'ready' || state === 'resting';
    if (isReady === wasReady) return;
    wasReady = isReady;
    metrics.hostReady.inc({ host }, isReady ? 1 : -1);
    onReady(isReady);
  };
}

/** A worker polls only when its RealityServer was found in order, so one that the engine has heard of since is. */
function hostsBack(client: Client) {
  return async (queue: string, breaks: readonly Break[]): Promise<Break[]> => {
    const slots = (await listGpuSlots(client, [queue])) ?? [];
    return breaks.filter((broken) =>
      slots.some(({ identity, isReady, heardAt }) => {
        return isReady && identity === broken.identity && heardAt.getTime() > broken.atMs;
      }),
    );
  };
}

/** Also the gap between two commands: what the queue manager costs the GPU. */
function measureAttempts(metrics: Metrics, host: string): (attempt: MeasuredAttempt) => void {
  let lastEndMs: number | undefined;
  return ({ queue, command, outcome, startedMs, endedMs }) => {
    metrics.gpuSeconds.inc({ queue, command, outcome }, (endedMs - startedMs) / 1_000);
    metrics.commands.inc({ command, outcome });
    // It was on another host's GPU.
    if (outcome === 'lost') return;
    if (lastEndMs !== undefined) metrics.gpuGapSeconds.observe({ host }, (startedMs - lastEndMs) / 1_000);
    lastEndMs = endedMs;
  };
}
