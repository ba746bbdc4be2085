import { randomUUID } from 'node:crypto';

import { activityInfo } from '@temporalio/activity';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { DqmError, DqmGpuSeconds, DqmHost, DqmState } from '../../lib/contract/search-attributes.ts';
import { aJobInput, aStagedResult } from '../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { fakeActivities, type FakeActivities } from '../support/fake-activities.ts';
import { servers } from '../support/servers.ts';

let engine: TestNamespace;
beforeAll(async () => {
  engine = await aNamespace();
});

afterAll(() => engine?.close());

/** Runs a job with a job worker and a render host that behave as told, while `during` watches. */
async function runJob<T>(
  input: ReturnType<typeof aJobInput>,
  activities: FakeActivities,
  during: (job: WorkflowHandle) => Promise<T>,
): Promise<T> {
  const { namespace, client } = engine;
  const jobs = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: servers().workflowBundle,
    activities,
  });
  const gpu = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: gpuTaskQueue(input.queue),
    activities,
    maxHeartbeatThrottleInterval: '100ms',
  });
  return jobs.runUntil(
    gpu.runUntil(async () => {
      const job = await client.workflow.start(input.command, {
        workflowId: `job/${input.queue}/${randomUUID()}`,
        taskQueue: JOBS_TASK_QUEUE,
        args: [input],
      });
      return during(job);
    }),
  );
}

const attributesOf = async (job: WorkflowHandle) => (await job.describe()).typedSearchAttributes;

const failureOf = async (job: WorkflowHandle): Promise<ApplicationFailure> => {
  const error = await job.result().then(
    () => new Error('the job did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
};

test('a job runs its command, then its tasks in the listed order, and gives the staged result', async () => {
  const activities = fakeActivities();
  await runJob(aJobInput(), activities, async (job) => {
    expect(await job.result()).toEqual(aStagedResult());
    expect(activities.calls).toEqual(['runCommand', 's3_upload', 'http_post']);
    const attributes = await attributesOf(job);
    expect(attributes.get(DqmState)).toBe('completed');
    expect(attributes.get(DqmHost)).toBe('gpu-07');
    expect(attributes.get(DqmGpuSeconds)).toBe(12.5);
  });
});

test('a job without tasks ends with its command, host and seconds all the same', async () => {
  const activities = fakeActivities();
  await runJob(aJobInput({ tasks: [] }), activities, async (job) => {
    await job.result();
    expect(activities.calls).toEqual(['runCommand']);
    expect((await attributesOf(job)).get(DqmHost)).toBe('gpu-07');
  });
});

test.each(['turntable', 'toString', 'constructor', 'ns::render'])(
  'any command runs without being registered: %s',
  async (command) => {
    const activities = fakeActivities();
    await runJob(aJobInput({ command, tasks: [] }), activities, async (job) => {
      expect(await job.result()).toEqual(aStagedResult());
      expect(activities.calls).toEqual(['runCommand']);
      expect((await job.describe()).type).toBe(command);
    });
  },
);

test('a task that fails for good fails the job, says which one, and later tasks do not run', async () => {
  const refused = ApplicationFailure.create({
    type: 'TaskRejected',
    message: 's3_upload to s3://results/chair.png: no such bucket',
    nonRetryable: true,
  });
  const activities = fakeActivities({ s3_upload: () => Promise.reject(refused) });
  await runJob(aJobInput(), activities, async (job) => {
    const failure = await failureOf(job);
    expect(failure.type).toBe('TaskRejected');
    expect(failure.message).toBe('task 1: s3_upload to s3://results/chair.png: no such bucket');
    expect(failure.details).toEqual([{ result: aStagedResult(), host: 'gpu-07', gpuSeconds: 12.5, task: 0 }]);
    expect(activities.calls).not.toContain('http_post');
    const attributes = await attributesOf(job);
    expect(attributes.get(DqmState)).toBe('failed');
    expect(attributes.get(DqmError)).toBe('TaskRejected');
    expect(attributes.get(DqmHost)).toBe('gpu-07');
  });
});

test('a command that fails for good fails the job with the command’s own failure', async () => {
  const failed = ApplicationFailure.create({
    type: 'CommandFailed',
    message: 'no such scene',
    nonRetryable: true,
    details: [{ host: 'gpu-03' }],
  });
  const activities = fakeActivities({ runCommand: () => Promise.reject(failed) });
  await runJob(aJobInput(), activities, async (job) => {
    expect((await failureOf(job)).message).toBe('no such scene');
    const attributes = await attributesOf(job);
    expect(attributes.get(DqmError)).toBe('CommandFailed');
    expect(attributes.get(DqmHost)).toBe('gpu-03');
  });
});

test('a task that finds its destination busy is tried again', async () => {
  let refusals = 2;
  const activities = fakeActivities({
    http_post: () =>
      refusals-- > 0
        ? Promise.reject(
            ApplicationFailure.create({ type: 'TaskUnavailable', message: 'answered 503', nextRetryDelay: 1 }),
          )
        : Promise.resolve({ destination: 'https://shop.example/' }),
  });
  await runJob(aJobInput(), activities, async (job) => {
    await job.result();
    expect(activities.calls).toEqual(['runCommand', 's3_upload', 'http_post', 'http_post', 'http_post']);
  });
});

test('a task that was never delivered within its window says what the destination said last', async () => {
  const activities = fakeActivities({
    s3_upload: () =>
      Promise.reject(
        ApplicationFailure.create({ type: 'TaskUnavailable', message: 'bucket answered 503', nextRetryDelay: 50 }),
      ),
  });
  // Long enough for a first attempt on a machine with other work.
  const limits = { ...aJobInput().limits, taskRetryWindowMs: 5_000 };
  await runJob(aJobInput({ limits }), activities, async (job) => {
    const failure = await failureOf(job);
    expect(failure.type).toBe('TaskUnavailable');
    expect(failure.message).toContain('bucket answered 503');
  });
});

test('a retried job goes on from its failed task and runs no command', async () => {
  const activities = fakeActivities();
  const resume = { result: aStagedResult(), host: 'gpu-07', gpuSeconds: 12.5, task: 1 };
  await runJob(aJobInput({ resume }), activities, async (job) => {
    expect(await job.result()).toEqual(aStagedResult());
    expect(activities.calls).toEqual(['http_post']);
  });
});

test('a cancelled job is cancelled, not failed', async () => {
  const activities = fakeActivities({
    s3_upload: async () => {
      const { workflowId = '' } = activityInfo().workflowExecution ?? {};
      await engine.client.workflow.getHandle(workflowId).cancel();
      return { destination: 's3://results/chair.png' };
    },
  });
  await runJob(aJobInput(), activities, async (job) => {
    await expect(job.result()).rejects.toThrow(WorkflowFailedError);
    const description = await job.describe();
    expect(description.status.name).toBe('CANCELLED');
    expect(description.typedSearchAttributes.get(DqmState)).toBe('cancelled');
  });
});

test('the history of a job with two tasks stays small', async () => {
  await runJob(aJobInput(), fakeActivities(), async (job) => {
    await job.result();
    const { historyLength } = await job.describe();
    expect(historyLength).toBeLessThanOrEqual(28);
  });
});
