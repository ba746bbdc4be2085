import { activityInfo } from '@temporalio/activity';

import type { CommandConfig } from '../lib/config/config.ts';
import type { JobLimits, JsonText } from '../lib/contract/job-input.ts';
import { RealityServerError, type CommandRun, type RealityServer } from '../lib/realityserver/client.ts';
import type { ArrivedResult } from '../lib/results/arrival.ts';
import type { Staging } from '../lib/results/staging.ts';
import type { StagedFile } from '../lib/results/store.ts';

import { boundsOf } from './command-bounds.ts';
import { expectResult } from './expected-result.ts';

/** Whose command is on a GPU; noted on the host's disk while it is. */
export interface RunMark {
  workflowId: string;
  runId: string;
  command: string;
}

/** What an activity holds while its command is on the GPU, and until its result is in the store. */
export interface HeldGpu {
  /**
   * Resolves when the GPU is this command's. False for one that was called ahead and must go back: the GPU was closed in
   * the meantime, or the signal aborted first.
   */
  turn(signal: AbortSignal): Promise<boolean>;
  /** The GPU is free: the next command may be polled for. Later calls do nothing. */
  release(): void;
  /** The result has left this host, or there is none. Later calls do nothing. */
  done(): void;
}

/** The GPU of a host, as the command that uses it sees it. */
export interface Gpu {
  /** Holds the permit this activity was started with. */
  take(): HeldGpu;
  /** Asks the RealityServer once more; fails like a command would. */
  probe(signal: AbortSignal): Promise<void>;
  /** A command is about to run: whoever comes after this process must know. */
  begin(mark: RunMark): void;
  /** It is over, well or not. */
  over(): void;
  /** It is given up and may still run: the GPU stays closed until it is over. */
  abandon(command: string, run: CommandRun): void;
  /** The RealityServer gave a whole answer. */
  answered(): void;
  /** The host failed: no command until it has shown that it works. */
  fault(reason: unknown): void;
  /** The command failed by itself: the host rests for a moment. */
  commandFailed(): void;
  /** Whether this process found the mark of that run when it started; true once. */
  foundMark(runId: string): boolean;
}

export interface RenderDeps {
  /** What this host's file says of single commands, by name. */
  commands: ReadonlyMap<string, CommandConfig>;
  /** Of commands that say nothing else; 0 = off. */
  stallTimeoutMs: number;
  realityServer: RealityServer;
  gpu: Gpu;
  staging: Staging;
  /** One ended attempt on the GPU. */
  measured(attempt: MeasuredAttempt): void;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

export interface MeasuredAttempt {
  queue: string;
  command: string;
  /** `given_up`: cancelled, or the host stops; `lost`: its host fell silent, told by the attempt after it. */
  outcome: 'completed' | 'failed' | 'host_fault' | 'given_up' | 'lost';
  startedMs: number;
  endedMs: number;
}

export interface CommandOnGpu {
  queue: string;
  command: string;
  parameters: JsonText;
  /** Of its result. */
  key: string;
  limits: JobLimits;
}

export interface RenderEvents {
  /** Percent. */
  onProgress(percent: number): void;
  /** The result is here and is one: the GPU is free, whatever its file still needs. */
  onLastByte(): void;
}

/** One attempt on the GPU: from the first byte of the request to the last one of the answer. */
export async function render(
  deps: RenderDeps,
  { queue, command, parameters, key, limits }: CommandOnGpu,
  { onProgress, onLastByte }: RenderEvents,
  signal: AbortSignal,
): Promise<{ file: StagedFile; gpuSeconds: number }> {
  const { realityServer, staging, measured, gpu, now } = deps;
  const { workflowId, runId } = activityInfo().workflowExecution ?? { workflowId: '', runId: '' };
  const rules = deps.commands.get(command);
  try {
    gpu.begin({ workflowId, runId, command });
    await gpu.probe(signal);
  } catch (error) {
    gpu.over();
    throw error;
  }

  const stallMs = rules?.stallTimeoutMs ?? deps.stallTimeoutMs;
  const bounds = boundsOf(command, { timeoutMs: limits.commandTimeoutMs, stallMs });
  const bounded = AbortSignal.any([signal, bounds.signal]);
  let outcome: MeasuredAttempt['outcome'] = 'failed';
  const startedMs = now();
  let endedMs: number | undefined;
  const run = realityServer.start(command, parameters, (percent) => {
    bounds.progressed();
    if (percent !== undefined) onProgress(percent);
  });
  try {
    const answer = await orAborted(run.answer, bounded);
    const check = async (arrived: ArrivedResult): Promise<void> => {
      await expectResult(command, arrived, rules);
      outcome = 'completed';
      endedMs = now();
      gpu.answered();
      gpu.over();
      onLastByte();
    };
    const file = await staging.receive(key, { ...answer, check }, { workflowId, runId }, bounded);
    return { file, gpuSeconds: ((endedMs ?? now()) - startedMs) / 1_000 };
  } catch (error) {
    const isOver = endedMs !== undefined;
    if (bounded.aborted) {
      if (!isOver && signal.aborted) outcome = 'given_up';
      if (!isOver) gpu.abandon(command, run);
      throw bounded.reason;
    }
    if (isOver) throw error;
    if (error instanceof RealityServerError && error.type === 'HostFault') outcome = 'host_fault';
    run.close(error as Error);
    gpu.over();
    throw error;
  } finally {
    bounds.clear();
    measured({ queue, command, outcome, startedMs, endedMs: endedMs ?? now() });
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}
