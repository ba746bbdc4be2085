import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';

import { createCommandActivities, type CommandRules } from '../activities/command.ts';
import type { Clock } from '../lib/clock.ts';
import { gpuTaskQueue, gpuWorkerIdentity } from '../lib/contract/names.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { RealityServer } from '../lib/realityserver/client.ts';
import type { Staging } from '../lib/results/staging.ts';
import type { ResultStore } from '../lib/results/store.ts';
import type { Running } from '../lib/run.ts';

import { createCanary } from './canary.ts';
import { createGpuSlot } from './gpu-slots.ts';
import { startHostHealth } from './host-health.ts';
import { publishLeftovers } from './leftovers.ts';
import { stopOnce } from './stop.ts';

export interface GpuWorkerDeps {
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
  realityServer: RealityServer;
  /** Shown in log lines: scheme, host and port. */
  realityServerName: string;
  allowCommands: ReadonlySet<string>;
  commands: ReadonlyMap<string, CommandRules>;
  canaryCommand: string;
  staging: Staging;
  store: ResultStore;
  maxStaging: number;
  drainTimeoutMs: number;
  metrics: Metrics;
  clock: Clock;
  log: Log;
  onReady(ready: boolean): void;
}

/**
 * Takes one command at a time for one RealityServer. Activity-only: a render host bundles no workflow and needs no
 * broker. Before it polls, results that an earlier process left complete on this host go to the store.
 */
export async function startGpuWorker(deps: GpuWorkerDeps): Promise<Running> {
  const { connection, namespace, dataConverter, queue, host, slot: number, metrics, log } = deps;
  const { staging, store, allowCommands, commands, realityServer } = deps;
  const stopping = new AbortController();
  const slot = createGpuSlot({ maxStaging: deps.maxStaging });
  let letGo = slot.hold();
  let isUp = false;
  const health = startHostHealth({
    version: (signal) => realityServer.version(signal),
    canary: createCanary({
      realityServer,
      staging,
      command: deps.canaryCommand,
      expected: commands.get(deps.canaryCommand),
    }),
    clock: deps.clock,
    random: Math.random,
    log,
    name: deps.realityServerName,
    onChange: ({ state }) => {
      letGo();
      if (state !== 'ready') letGo = slot.hold();
      // A host that rests for a moment is in order.
      const isUpNow = state === 'ready' || state === 'resting';
      if (isUpNow === isUp) return;
      isUp = isUpNow;
      metrics.hostReady.inc({ host }, isUp ? 1 : -1);
      deps.onReady(isUp);
    },
  });
  const activities = createCommandActivities({
    host,
    allowCommands,
    commands,
    realityServer,
    gpu: { take: slot.take, ...health },
    staging,
    store,
    measured: measureAttempts(metrics, host),
    log,
    now: () => performance.now(),
  });
  const worker = await Worker.create({
    connection,
    namespace,
    ...(dataConverter && { dataConverter }),
    identity: gpuWorkerIdentity(host, number),
    taskQueue: gpuTaskQueue(queue),
    activities,
    tuner: {
      activityTaskSlotSupplier: slot.supplier,
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
  return {
    done: work(),
    stop: () => {
      stopping.abort();
      health.stop();
      stopOnce(worker);
    },
  };

  async function work(): Promise<void> {
    try {
      await publishLeftovers({ staging, store, client: deps.client, log }, stopping.signal);
      if (!stopping.signal.aborted) await worker.run();
    } finally {
      health.stop();
      await health.done;
      log.info('GPU worker ended', { queue, host, slot: number });
    }
  }
}

/** Also the gap between two commands: what the queue manager costs the GPU. */
function measureAttempts(metrics: Metrics, host: string): Parameters<typeof createCommandActivities>[0]['measured'] {
  let lastEndMs: number | undefined;
  return ({ queue, command, outcome, startedMs, endedMs }) => {
    if (lastEndMs !== undefined) metrics.gpuGapSeconds.observe({ host }, (startedMs - lastEndMs) / 1_000);
    lastEndMs = endedMs;
    metrics.gpuSeconds.inc({ queue, command, outcome }, (endedMs - startedMs) / 1_000);
    metrics.commands.inc({ command, outcome });
  };
}
