import { activityInfo } from '@temporalio/activity';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';

import type { Gpu, HeldGpu, MeasuredAttempt } from '../activities/render.ts';
import type { HostStatus } from '../lib/contract/host-status.ts';
import { hostTaskQueue } from '../lib/contract/names.ts';
import type { RealityServer } from '../lib/realityserver/client.ts';
import type { Running } from '../lib/run.ts';

import type { HostState } from './host-health.ts';
import { runWorker } from './run-worker.ts';

/** What a host remembers of itself for whoever asks: its jobs, and its GPU's seconds today. */
export interface HostLog {
  /** The same GPU, watched. */
  readonly gpu: Gpu;
  measured(attempt: MeasuredAttempt): void;
  /** Whose command is on the GPU. */
  readonly rendering: string | null;
  /** Whose result has been on its way to the store for longest. */
  readonly staging: string | null;
  /** Whose commands are in hand: what is to come, what runs, what is on its way to the store. */
  readonly inHand: readonly string[];
  secondsToday(): number;
}

export function watchGpu(gpu: Gpu, measured: (attempt: MeasuredAttempt) => void): HostLog {
  let rendering: string | null = null;
  const staging = new Map<HeldGpu, string>();
  const inHand = new Map<HeldGpu, string>();
  let day = '';
  let seconds = 0;
  const today = (): void => {
    const now = new Date().toDateString();
    if (now !== day) seconds = 0;
    day = now;
  };
  return {
    gpu: {
      ...gpu,
      take: () => {
        const { workflowId = '' } = activityInfo().workflowExecution ?? {};
        const slot = gpu.take();
        inHand.set(slot, workflowId);
        return {
          ...slot,
          release: () => {
            staging.set(slot, workflowId);
            slot.release();
          },
          done: () => {
            staging.delete(slot);
            inHand.delete(slot);
            slot.done();
          },
        };
      },
      begin: (mark) => {
        rendering = mark.workflowId;
        return gpu.begin(mark);
      },
      over: () => {
        rendering = null;
        gpu.over();
      },
    },
    measured: (attempt) => {
      today();
      if (attempt.outcome !== 'lost') seconds += (attempt.endedMs - attempt.startedMs) / 1_000;
      measured(attempt);
    },
    get rendering() {
      return rendering;
    },
    get staging() {
      return staging.values().next().value ?? null;
    },
    get inHand() {
      return [...new Set(inHand.values())];
    },
    secondsToday: () => {
      today();
      return seconds;
    },
  };
}

export interface HostStatusDeps {
  connection: NativeConnection;
  namespace: string;
  dataConverter?: DataConverter | undefined;
  identity: string;
  queue: string;
  realityServer: RealityServer;
  realityServerUrl: string;
  log: HostLog;
  state(): HostState;
  /** Why results do not reach the store; null while they do. */
  storeTrouble(): string | null;
  isStopping(): boolean;
}

/** A RealityServer that renders may be slow to say its version. */
const VERSION_LIMIT_MS = 1_000;

function createHostStatusActivities({ identity, queue, realityServerUrl, realityServer, log, ...now }: HostStatusDeps) {
  return {
    /** What `dqm hosts` shows of this host. */
    async hostStatus(): Promise<HostStatus> {
      const health = now.state();
      const version = await realityServer.version(AbortSignal.timeout(VERSION_LIMIT_MS)).catch(() => null);
      const { rendering, staging } = log;
      return {
        identity,
        realityServerUrl,
        queue,
        state: now.isStopping() ? 'draining' : stateOf(health, log),
        workflowId: rendering ?? staging,
        workflowIds: [...log.inHand],
        gpuSecondsToday: log.secondsToday(),
        faults: health.state === 'out' ? health.faults : 0,
        reason: health.state === 'out' ? health.reason : staging === null ? null : now.storeTrouble(),
        version,
      };
    },
  };
}

function stateOf({ state }: HostState, { rendering, staging }: HostLog): HostStatus['state'] {
  if (rendering !== null) return 'rendering';
  return state === 'ready' && staging !== null ? 'staging' : state;
}

/** Answers on the task queue of this host alone. */
export async function startHostStatus(deps: HostStatusDeps): Promise<Running> {
  const { connection, namespace, dataConverter, identity } = deps;
  const worker = await Worker.create({
    connection,
    namespace,
    ...(dataConverter && { dataConverter }),
    identity,
    taskQueue: hostTaskQueue(identity),
    activities: createHostStatusActivities(deps),
    maxConcurrentActivityTaskExecutions: 2,
  });
  return runWorker(worker, 0);
}
