import { proxyActivities } from '@temporalio/workflow';

import type { CommandActivities, RenderedCommand } from '../activities/command.ts';
import type { TaskActivities } from '../activities/tasks/index.ts';
import type { JobInput, StagedResult } from '../lib/contract/job-input.ts';

import { createJobPage, type JobPage } from './job-page.ts';
import { taskFailure, withEnding } from './ending.ts';
import { commandPolicy, taskPolicy } from './policies.ts';
import { taskSummary, taskVariables } from './task-summary.ts';

/** Runs a job's command once on a render host, then its tasks in the listed order. */
export default function job(input: JobInput): Promise<StagedResult> {
  const page = createJobPage(input);
  return withEnding(input, page, async () => {
    const rendered = input.resume ?? (await render(input));
    await deliver(rendered, input, page);
    return rendered.result;
  });
}

/** Workflow, content and occurrence name the staged result: each attempt and each retry finds what an earlier one left. */
function render({ command, body, generation, queue, limits, mayBeStaged }: JobInput): Promise<RenderedCommand> {
  const { runCommand } = proxyActivities<CommandActivities>({ ...commandPolicy(queue, limits), summary: command });
  return runCommand({ queue, command, body, occurrence: 0, generation, limits, mayBeStaged });
}

/** The first task that fails for good fails the job; a retry goes on from there. */
async function deliver(rendered: RenderedCommand, input: JobInput, page: JobPage): Promise<void> {
  const { result } = rendered;
  const { tasks, limits } = input;
  const variables = taskVariables(input);
  page.rendered(rendered);
  for (const [index, task] of tasks.entries()) {
    if (index < (input.resume?.task ?? 0)) continue;
    const summary = taskSummary(task, variables);
    const activities = proxyActivities<TaskActivities>({ ...taskPolicy(limits), summary });
    try {
      const run = activities[task.name as keyof TaskActivities];
      const { destination } = await run({ task, index, step: '0', result, variables });
      page.delivered(index, destination);
    } catch (error) {
      throw taskFailure(error, { ...rendered, task: index });
    }
  }
}
