import { randomUUID } from 'node:crypto';

import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import type { FailureReport } from '../../lib/contract/failure-report.ts';
import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { aJobInput } from '../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { fakeActivities } from '../support/fake-activities.ts';
import { servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

let engine: TestNamespace;
const workers: Worker[] = [];
const runs: Promise<void>[] = [];
const told: FailureReport[] = [];
/** While true, the web server is away. */
let isAway = false;

beforeAll(async () => {
  engine = await aNamespace();
  const { workflowBundle } = servers();
  const commands = fakeActivities({
    runCommand: () => Promise.reject(ApplicationFailure.nonRetryable('no such scene', 'CommandFailed')),
  });
  const activities = {
    ...commands,
    tellFailure: (report: FailureReport) => {
      if (isAway) throw ApplicationFailure.create({ message: 'answered 503', nextRetryDelay: 50 });
      told.push(report);
      return 'https://shop.example/dqm-failures';
    },
  };
  for (const options of [{ taskQueue: JOBS_TASK_QUEUE, workflowBundle }, { taskQueue: gpuTaskQueue('renders') }]) {
    const { namespace } = engine;
    const worker = await Worker.create({
      connection: await engine.connectWorker(),
      namespace,
      activities,
      maxHeartbeatThrottleInterval: '100ms',
      ...options,
    });
    workers.push(worker);
    runs.push(worker.run());
  }
});
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await Promise.all(runs);
  await engine?.close();
});

const aJob = (
  changes: Parameters<typeof aJobInput>[0] = {},
): Promise<WorkflowHandle & { firstExecutionRunId: string }> =>
  engine.client.workflow.start('render_product', {
    workflowId: `job/renders/${randomUUID()}`,
    taskQueue: JOBS_TASK_QUEUE,
    args: [aJobInput({ reportsFailure: true, ...changes })],
  });

const reportOf = (runId: string) => engine.client.workflow.getHandle(`failure-webhook/${runId}`);

test('a failed job is told of by its run, and closes whether the web server is there or not', async () => {
  isAway = true;
  const job = await aJob();
  await job.result().catch(() => undefined);
  const { status, runId } = await job.describe();
  expect(status.name).toBe('FAILED');
  expect(told).toEqual([]);
  isAway = false;
  expect(await reportOf(runId).result()).toBe('https://shop.example/dqm-failures');
  const windowMs = aJobInput().limits.taskRetryWindowMs;
  expect(told).toEqual([{ version: 1, windowMs, run: { workflowId: job.workflowId, runId } }]);
});

test.each([
  ['a cancelled job', true],
  ['a job of a configuration without a webhook', false],
])('%s is not told of', async (_which, reportsFailure) => {
  const job = await aJob({ reportsFailure, ...(reportsFailure && { queue: 'nobody' }) });
  if (reportsFailure) await until(async () => (await job.describe()).raw.pendingActivities?.length === 1);
  if (reportsFailure) await job.cancel();
  await job.result().catch(() => undefined);
  await expect(reportOf(job.firstExecutionRunId).describe()).rejects.toThrow(WorkflowNotFoundError);
});
