import { randomUUID } from 'node:crypto';

import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import type { DeadLetterOutcome, FailedJob } from '../../lib/contract/dead-letter.ts';
import { bridgeTaskQueue, gpuTaskQueue, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { DqmState } from '../../lib/contract/search-attributes.ts';
import { deadLetterPolicy } from '../../workflows/policies.ts';
import { aJobInput } from '../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { fakeActivities } from '../support/fake-activities.ts';
import { servers } from '../support/servers.ts';

const QUEUE = 'renders';
const envelope = { transport: 'sqs', attributes: { origin: { type: 'String', value: 'shop' } } } as const;

let engine: TestNamespace;
const workers: Worker[] = [];
const runs: Promise<void>[] = [];
/** What the bridge does, and what it was asked for. */
let storeDeadLetter: (job: FailedJob) => Promise<DeadLetterOutcome>;
let asked: FailedJob[] = [];

async function aWorker(taskQueue: string, activities: object, workflowBundle?: { codePath: string }): Promise<void> {
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue,
    activities,
    ...(workflowBundle && { workflowBundle }),
  });
  workers.push(worker);
  runs.push(worker.run());
}

beforeAll(async () => {
  engine = await aNamespace();
  const noScene = ApplicationFailure.nonRetryable('no such scene', 'CommandFailed');
  const activities = fakeActivities({ runCommand: () => Promise.reject(noScene) });
  await aWorker(JOBS_TASK_QUEUE, activities, servers().workflowBundle);
  await aWorker(gpuTaskQueue(QUEUE), activities);
  await aWorker(bridgeTaskQueue(QUEUE), {
    storeDeadLetter: (job: FailedJob) => {
      asked.push(job);
      return storeDeadLetter(job);
    },
  });
});
beforeEach(() => {
  asked = [];
  storeDeadLetter = () => Promise.resolve({ outcome: 'stored', place: 'https://sqs.example/renders-dead' });
});
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await Promise.all(runs);
  await engine?.close();
});

/** A job whose command fails for good. */
const aFailingJob = (deadLetter: boolean): Promise<WorkflowHandle> =>
  engine.client.workflow.start('render_product', {
    workflowId: `job/${QUEUE}/${randomUUID()}`,
    taskQueue: JOBS_TASK_QUEUE,
    args: [aJobInput({ queue: QUEUE, envelope, deadLetter })],
  });

const ended = async (job: WorkflowHandle): Promise<string> => {
  await job.result().catch(() => undefined);
  return (await job.describe()).status.name;
};

const detailsOf = async (job: WorkflowHandle): Promise<string> =>
  (await job.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;

test('a failed job leaves its message as it came, with its ids and the reason, and says where', async () => {
  const job = await aFailingJob(true);
  expect(await ended(job)).toBe('FAILED');
  const { jobId, messageId, body } = aJobInput();
  const error = { type: 'CommandFailed', message: 'no such scene' };
  expect(asked).toEqual([{ queue: QUEUE, jobId, messageId, body, envelope, error }]);
  expect(await detailsOf(job)).toContain('dead letter: in https://sqs.example/renders-dead');
});

test('the state says failed before the dead letter is stored, and a cancel then comes too late', async () => {
  let stateThen: string | undefined;
  storeDeadLetter = async () => {
    const handle = await starting;
    stateThen = (await handle.describe()).typedSearchAttributes.get(DqmState);
    await handle.cancel();
    return { outcome: 'stored', place: 'renders-dead' };
  };
  const starting = aFailingJob(true);
  expect(await ended(await starting)).toBe('FAILED');
  expect(stateThen).toBe('failed');
});

test('an attempt that fails is made again', async () => {
  storeDeadLetter = () =>
    asked.length === 1
      ? Promise.reject(ApplicationFailure.create({ message: 'SQS answered 500', nextRetryDelay: 1 }))
      : Promise.resolve({ outcome: 'stored', place: 'renders-dead' });
  await ended(await aFailingJob(true));
  expect(asked).toHaveLength(2);
});

test.each([
  ['no target', (): Promise<DeadLetterOutcome> => Promise.resolve({ outcome: 'none', reason: 'no such queue' })],
  ['no time left', () => Promise.reject(ApplicationFailure.nonRetryable('the broker is away'))],
])('with %s the job is failed all the same, and says that it is the record', async (_why, store) => {
  storeDeadLetter = store;
  const job = await aFailingJob(true);
  expect(await ended(job)).toBe('FAILED');
  expect(await detailsOf(job)).toContain('no dead letter, this workflow is the record');
});

test('a job that leaves none asks no bridge', async () => {
  expect(await ended(await aFailingJob(false))).toBe('FAILED');
  expect(asked).toEqual([]);
});

test('ten minutes are enough, whoever is away', () => {
  expect(deadLetterPolicy(QUEUE)).toMatchObject({
    taskQueue: 'dqm-bridge-renders',
    scheduleToCloseTimeout: '10 minutes',
  });
});
