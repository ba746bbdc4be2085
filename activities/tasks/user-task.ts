import type { StagedResult } from '../../lib/contract/job-input.ts';
import { readUserTaskConfig } from '../../lib/contract/task-configs.ts';
import { destinationOf } from '../../lib/postback/destination.ts';
import type { ResultStore } from '../../lib/results/store.ts';
import type { TaskResult } from '../../lib/tasks/define-task.ts';
import type { UserTask } from '../../lib/tasks/load.ts';
import { userTaskFailure } from '../classify.ts';
import { withHeartbeat } from '../heartbeat.ts';

import {
  idempotencyKey,
  stopped,
  templateVariables,
  windowEndMs,
  type CommonTaskDeps,
  type TaskInput,
  type TaskOutcome,
} from './task.ts';

export type UserTaskActivities = Record<string, (input: TaskInput) => Promise<TaskOutcome>>;

/** An activity for each task of the user's own, by its name. */
export const createUserTasks = (tasks: ReadonlyMap<string, UserTask>, deps: CommonTaskDeps): UserTaskActivities =>
  Object.fromEntries([...tasks].map(([name, task]) => [name, (input) => run(name, task, input, deps)]));

const run = (name: string, task: UserTask, input: TaskInput, deps: CommonTaskDeps): Promise<TaskOutcome> =>
  withHeartbeat(async (signal) => {
    try {
      const destination = await task.run({
        config: readUserTaskConfig(task.config, input.task, templateVariables(input, deps.mimeExtensions)),
        settings: task.settings,
        result: resultFor(input.result, deps.store, signal),
        jobId: input.variables.job_id,
        idempotencyKey: idempotencyKey(input, deps.store),
        signal,
      });
      return { destination: destination ? shownDestination(destination) : name };
    } catch (error) {
      if (signal.aborted) throw stopped(signal, name);
      throw userTaskFailure(error, { destination: name, windowEndMs: windowEndMs(), nowMs: Date.now() });
    }
  });

const resultFor = (result: StagedResult, store: ResultStore, signal: AbortSignal): TaskResult => ({
  mimeType: result.mimeType,
  size: result.size,
  sha256: result.sha256,
  open: () => store.open(result, signal),
});

const LONGEST_DESTINATION = 500;

/** It goes into the history and is shown: without what may be a credential. */
const shownDestination = (destination: string): string =>
  (URL.canParse(destination) ? destinationOf(new URL(destination)) : destination).slice(0, LONGEST_DESTINATION);
