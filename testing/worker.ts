import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';

import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

import { STEP_LIMIT } from '../workers/step-limit.ts';

import type { TestEngine } from './engine.ts';

export type Activities = Readonly<Record<string, (...parts: never[]) => Promise<unknown>>>;
type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** Runs all tests of one module: to start it takes longer than most of them. */
export interface TestWorker {
  readonly taskQueue: string;
  /** While `work` runs, `activities` do what the chain of this workflow has others do; `default`: any that it does not name. */
  during<T>(workflowId: string, activities: Activities, work: () => Promise<T>): Promise<T>;
  /** Rejects as the SDK's replay does. */
  replay(history: History, workflowId: string): Promise<void>;
  readonly isStopped: boolean;
  stop(): Promise<void>;
}

/** It stops before the engine does. */
export async function startTestWorker(
  { connection, namespace, closes }: TestEngine,
  workflowBundle: WorkflowBundleWithSourceMap,
): Promise<TestWorker> {
  const runs = new Map<string, Activities>();
  const taskQueue = `test-${randomUUID()}`;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle,
    activities: { default: (...parts: never[]) => perform(runs, parts) },
    ...STEP_LIMIT,
  });
  const done = worker.run();
  const replays = startReplays(workflowBundle);
  const broken = done.then(() => Promise.reject(new Error('the worker of this module has been stopped')));
  broken.catch(() => undefined);
  const stop = async (): Promise<void> => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all([done.catch(() => undefined), replays.stop()]);
  };
  closes(stop);
  return {
    taskQueue,
    during: async (workflowId, activities, work) => {
      runs.set(workflowId, activities);
      try {
        return await Promise.race([work(), broken]);
      } finally {
        runs.delete(workflowId);
      }
    },
    replay: replays.replay,
    get isStopped() {
      return worker.getState() !== 'RUNNING';
    },
    stop,
  };
}

function perform(runs: ReadonlyMap<string, Activities>, parts: never[]): Promise<unknown> {
  const { activityType, workflowExecution } = activityInfo();
  const activities = runs.get(workflowExecution?.workflowId ?? '');
  const activity = activities?.[activityType] ?? activities?.['default'];
  if (!activity) throw new Error(`the test that ${activityType} belongs to has ended`);
  return activity(...parts);
}

interface Asked {
  history: History;
  workflowId: string;
  tell(error: Error | undefined): void;
}

/** One replaying worker for all histories, one after the other. */
function startReplays(workflowBundle: WorkflowBundleWithSourceMap) {
  const asked = new PassThrough({ objectMode: true });
  let current: Asked | undefined;

  async function* histories(): AsyncGenerator<Asked> {
    for await (const each of asked as AsyncIterable<Asked>) {
      current = each;
      yield each;
    }
  }

  async function answer(): Promise<void> {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle, ...STEP_LIMIT }, histories()))
      current?.tell(error);
  }

  const answering = answer();
  answering.catch((error: Error) => current?.tell(error));
  return {
    replay: (history: History, workflowId: string) =>
      new Promise<void>((resolve, reject) => {
        asked.write({ history, workflowId, tell: (error) => (error ? reject(error) : resolve()) } satisfies Asked);
      }),
    stop: async () => {
      asked.end();
      await answering.catch(() => undefined);
    },
  };
}
