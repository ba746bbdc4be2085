import type { EventEmitter } from 'node:events';

import { Runtime } from '@temporalio/worker';

import type { Log } from './log.ts';
import { freePort } from './servers/ports.ts';
import { temporalLogger, type OnMisfit } from './temporal-log.ts';

/** Judging a render host by its heartbeat takes two or three of them; Temporal's default is 60 s. */
const WORKER_HEARTBEAT_MS = 10_000;
/** A port that was free may be taken a moment later, not often twice. */
const ATTEMPTS = 5;

/** What the SDK measures of its workers, in Prometheus's text form. */
export type ReadSdkMetrics = () => Promise<string>;

/** `found`: see `OnMisfit`. */
export interface MisfitEvents {
  found: Parameters<OnMisfit>;
}

/**
 * Once in a process, before its first worker: the SDK's logs, and those of workflows and activities, become ours. The
 * SDK serves its metrics on a port of its own alone, so it gets one of the loopback interface, and they are read there.
 */
export async function installRuntime(log: Log, misfits?: EventEmitter<MisfitEvents>): Promise<ReadSdkMetrics> {
  for (let attempt = 1; ; attempt += 1) {
    const bindAddress = `127.0.0.1:${await freePort()}`;
    try {
      install(log, misfits, bindAddress);
      return async () => (await fetch(`http://${bindAddress}/metrics`)).text();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function install(log: Log, misfits: EventEmitter<MisfitEvents> | undefined, bindAddress: string): void {
  const prometheus = { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  Runtime.install({
    logger: temporalLogger(log, misfits && ((...misfit) => void misfits.emit('found', ...misfit))),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: { prometheus },
    },
    workerHeartbeatInterval: WORKER_HEARTBEAT_MS,
    // The process decides when its workers drain, and in which order.
    shutdownSignals: [],
  });
}
