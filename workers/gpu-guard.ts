import type { Gpu } from '../activities/render.ts';
import type { Clock } from '../lib/clock.ts';
import type { CommandConfig } from '../lib/config/config.ts';
import type { Log } from '../lib/log.ts';
import type { RealityServer } from '../lib/realityserver/client.ts';
import type { Staging } from '../lib/results/staging.ts';

import { createAbandonedRuns } from './abandoned-runs.ts';
import { createCallAhead } from './call-ahead.ts';
import { createCanary } from './canary.ts';
import { requireFreeSpace } from './free-space.ts';
import { createGpuSlot, type GpuSlot } from './gpu-slots.ts';
import { startHostHealth, type HostState } from './host-health.ts';
import type { RunMarker } from './run-marker.ts';

export interface GpuGuardDeps {
  realityServer: RealityServer;
  /** Shown in log lines: scheme, host and port. */
  realityServerName: string;
  staging: Staging;
  /** Whose disk must have room before each command. */
  stagingFolder: string;
  marker: RunMarker;
  commands: ReadonlyMap<string, CommandConfig>;
  canaryCommand: string;
  abandonedWaitMs: number;
  maxStaging: number;
  clock: Clock;
  log: Log;
  onState(state: HostState): void;
  /** A free GPU waits for the result store, or no longer. */
  onStoreWait(waits: boolean): void;
}

/** What stands between Temporal's worker and a RealityServer. */
export interface GpuGuard {
  readonly slot: GpuSlot;
  /** As commands see it. */
  readonly gpu: Gpu;
  readonly state: HostState;
  /** Stops looking after the RealityServer; commands that run may end. */
  stop(): void;
  /** After the last command. */
  close(): Promise<void>;
}

/**
 * Lets one command at a time onto a GPU, and none while the host is not in order or an earlier command may still run, be
 * it one of an earlier process.
 */
export async function createGpuGuard(deps: GpuGuardDeps): Promise<GpuGuard> {
  const { realityServer, staging, marker, commands, canaryCommand, clock, log, realityServerName: name } = deps;
  const slot = createGpuSlot(deps);
  const abandoned = createAbandonedRuns({
    hold: slot.hold,
    realityServer,
    marker,
    cancelCommandOf: (command) => commands.get(command)?.cancelCommand,
    waitMs: deps.abandonedWaitMs,
    clock,
    log,
    name,
  });
  let left = await marker.left();
  if (left) abandoned.recover(left);

  const canary = createCanary({
    realityServer,
    staging,
    command: canaryCommand,
    expected: commands.get(canaryCommand),
  });
  const ahead = createCallAhead({ clock, soonOver: slot.callAhead });
  let letGo = slot.hold();
  const health = startHostHealth({
    version: async (signal) => {
      requireFreeSpace(deps.stagingFolder);
      return realityServer.version(signal);
    },
    canary: async (signal) => {
      await abandoned.settled();
      await canary(signal);
    },
    clock,
    random: Math.random,
    log,
    name,
    onChange: (state) => {
      const before = letGo;
      letGo = state.state === 'ready' ? () => undefined : slot.hold();
      before();
      deps.onState(state);
    },
  });
  return {
    slot,
    get state() {
      return health.state;
    },
    gpu: {
      take: slot.take,
      probe: async (signal) => {
        requireFreeSpace(deps.stagingFolder);
        await health.probe(signal);
      },
      begin: (mark) => {
        ahead.begins(mark.command);
        marker.set(mark);
      },
      over: () => {
        ahead.over();
        marker.clear();
      },
      abandon: (command, run) => {
        ahead.over();
        abandoned.abandon(command, run);
      },
      answered: () => {
        ahead.completed();
        health.answered();
      },
      fault: health.fault,
      commandFailed: health.commandFailed,
      foundMark: (runId) => {
        const isFound = left?.runId === runId;
        left = undefined;
        return isFound;
      },
    },
    stop: () => {
      // A worker that stops would poll once more, and what it is given then is lost until the heartbeat timeout.
      slot.hold();
      health.stop();
    },
    close: async () => {
      health.stop();
      await abandoned.stop();
      await health.done;
    },
  };
}
