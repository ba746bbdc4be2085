import type { Info } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';

import { temporalLogger } from '../../lib/temporal-log.ts';

import { silentLog } from './silent-log.ts';

export interface StartedActivity<Output> {
  done: Promise<Output>;
  /** What it said in its heartbeats so far. */
  beats: unknown[];
  /** Resolves with the next heartbeat. */
  nextBeat(): Promise<void>;
  cancel(): void;
  /** As a worker that stops before the activity has ended. */
  stopWorker(): void;
}

const THREE_DAYS_MS = 259_200_000;

/** An activity in an environment of its own: cancelled stays cancelled. Its window is three days from now. */
export function startActivity<Input, Output>(
  activity: (input: Input) => Promise<Output>,
  input: Input,
  info: Partial<Info> = {},
): StartedActivity<Output> {
  const environment = new MockActivityEnvironment(
    { scheduledTimestampMs: Date.now(), scheduleToCloseTimeoutMs: THREE_DAYS_MS, ...info },
    { logger: temporalLogger(silentLog) },
  );
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(structuredClone(details)));
  return {
    done: environment.run<[Input], Output, (input: Input) => Promise<Output>>(activity, input),
    beats,
    nextBeat: () => new Promise((resolve) => environment.once('heartbeat', () => resolve())),
    cancel: () => environment.cancel(),
    stopWorker: () => environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true })),
  };
}

export const runActivity = <Input, Output>(
  activity: (input: Input) => Promise<Output>,
  input: Input,
  info?: Partial<Info>,
): Promise<Output> => startActivity(activity, input, info).done;
