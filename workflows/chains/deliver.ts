import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';

import type { TaskActivities } from '../../activities/tasks/index.ts';
import type { TaskOutcome } from '../../activities/tasks/task.ts';
import { taskPolicy } from '../policies.ts';
import { taskSummary, taskVariables } from '../task-summary.ts';

import { runningChain, type RunningChain } from './current.ts';
import { sha256 } from './hash.ts';
import { jsonText } from './json.ts';
import { stepFailure } from './step-failure.ts';
import type { Result, Task } from './types.ts';

/**
 * Runs completion tasks on a result, in the listed order, each retried until it has delivered. A task that fails for
 * good rejects, and the later ones do not run. What is delivered is not delivered again by a retry.
 */
export async function deliver(result: Result, tasks: readonly Task[]): Promise<void> {
  const chain = runningChain('deliver');
  const text = jsonText([result, tasks], 'deliver', 'TaskRejected');
  for (const [index, task] of tasks.entries()) {
    const call = { name: task.name, content: `\0deliver\0${index}\0${text}` };
    await chain.steps.perform(
      call,
      async ({ occurrence }) => {
        const step = sha256(`${text}\0${occurrence}`).slice(0, STEP_DIGITS);
        const ended = chain.page.deliveryBegins();
        try {
          return await run({ result, task, index, step }, chain);
        } catch (error) {
          throw stepFailure(error, `task ${index + 1} of deliver, ${task.name}`);
        } finally {
          ended();
        }
      },
      ({ destination }) => chain.page.delivered(task.name, destination),
    );
  }
}

const STEP_DIGITS = 12;

interface Delivery {
  result: Result;
  task: Task;
  index: number;
  /** Tells this call of `deliver` from the chain's others, the same in every run. */
  step: string;
}

function run({ result, task, index, step }: Delivery, { input, settings }: RunningChain): Promise<TaskOutcome> {
  if (!settings.tasks.includes(task.name)) {
    const known = settings.tasks.join(', ');
    throw ApplicationFailure.nonRetryable(`unknown task, known are ${known}`, 'TaskRejected');
  }
  const variables = taskVariables(input);
  const summary = taskSummary(task, variables);
  const activities = proxyActivities<TaskActivities>({ ...taskPolicy(input.limits), summary });
  const runTask = activities[task.name as keyof TaskActivities];
  return runTask({ task, index, step, result, variables });
}
