import { setTimeout as delay } from 'node:timers/promises';

import { ApplicationFailure, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

import type { ClientDeps } from '../../cli/with-client.ts';
import type { JobInput } from '../../lib/contract/job-input.ts';
import { gpuTaskQueue, gpuWorkerIdentity, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { DqmMessageId, DqmQueue, DqmState, DqmTenant } from '../../lib/contract/search-attributes.ts';
import type { JobRow, JobView } from '../../lib/jobs/job-view.ts';
import { listJobs } from '../../lib/jobs/list.ts';
import type { JobFilter } from '../../lib/jobs/query.ts';
import { showJob } from '../../lib/jobs/show.ts';

import { aJobInput } from './a-job-input.ts';
import { aNamespace } from './a-namespace.ts';
import type { FakeActivities } from './fake-activities.ts';
import { servers } from './servers.ts';
import { until } from './until.ts';

/** The one render host of these tests. */
export const HOST = 'gpu-07';

/** A namespace with a job worker, whose tasks do what the queue of their job says; render hosts come and go. */
export interface JobEngine {
  client: Client;
  namespace: string;
  ui: { uiUrl: string; namespace: string };
  /** Starts a job as a bridge does. */
  start(changes: Partial<JobInput> & { queue: string }): Promise<WorkflowHandle>;
  /** A render host of the queue, for as long as `during` takes; tasks keep behaving so afterwards. */
  withHost<T>(queue: string, activities: FakeActivities, during: () => Promise<T>): Promise<T>;
  show(handle: WorkflowHandle): Promise<JobView>;
  /** The job as soon as it is as wanted. */
  shown(handle: WorkflowHandle, isWanted: (view: JobView) => boolean): Promise<JobView>;
  listNow(filter: JobFilter): Promise<JobRow[]>;
  /** Visibility learns of a job a moment after the engine has it. */
  listed(filter: JobFilter, count?: number): Promise<JobRow[]>;
  /** Runs a command of ours and gives what it printed. */
  printed(run: (deps: ClientDeps) => Promise<void>, options?: PrintOptions): Promise<string>;
  close(): Promise<void>;
}

export interface PrintOptions {
  json?: boolean;
  /** Of the configuration. */
  queues?: string[];
  isTerminal?: boolean;
  columns?: number;
  /** Hears what is printed, while it is. */
  heard?: (text: string) => void;
}

export async function aJobEngine(): Promise<JobEngine> {
  const behaviours = new Map<string, FakeActivities>();
  /** A task's activity that does what the queue of its job says. */
  const byQueue = (name: 's3_upload' | 'http_post') => (input: { variables: { queue_name: string } }) =>
    behaviours.get(input.variables.queue_name)?.[name](input);
  const engine = await aNamespace();
  const { client, namespace } = engine;
  const ui = { uiUrl: 'http://127.0.0.1:8233', namespace };
  const jobWorker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: servers().workflowBundle,
    activities: { s3_upload: byQueue('s3_upload'), http_post: byQueue('http_post') },
    maxHeartbeatThrottleInterval: '100ms',
  });
  const worked = jobWorker.run();
  const show = ({ workflowId }: WorkflowHandle): Promise<JobView> => showJob(client, workflowId, ui);
  const listNow = (filter: JobFilter): Promise<JobRow[]> => listJobs(client, { ...filter, limit: 10, ...ui });

  return {
    client,
    namespace,
    ui,
    start: (changes) => {
      const input = aJobInput(changes);
      const { queue, jobId, messageId, tenant, priority } = input;
      return client.workflow.start(input.command, {
        workflowId: `job/${queue}/${jobId}`,
        taskQueue: JOBS_TASK_QUEUE,
        args: [input],
        memo: { message_id: messageId, delivery_id: messageId, content_hash: 'abc', job_id: jobId, tenant, priority },
        typedSearchAttributes: [
          { key: DqmQueue, value: queue },
          { key: DqmState, value: 'waiting' },
          { key: DqmMessageId, value: messageId },
          ...(tenant === null ? [] : [{ key: DqmTenant, value: tenant }]),
        ],
      });
    },
    withHost: async (queue, activities, during) => {
      behaviours.set(queue, activities);
      const host = await Worker.create({
        connection: await engine.connectWorker(),
        namespace,
        taskQueue: gpuTaskQueue(queue),
        identity: gpuWorkerIdentity(HOST, 1),
        activities: { runCommand: activities.runCommand },
        maxHeartbeatThrottleInterval: '100ms',
      });
      return host.runUntil(during());
    },
    show,
    shown: (handle, isWanted) =>
      until(async () => {
        const view = await show(handle);
        return isWanted(view) && view;
      }),
    listNow,
    listed: (filter, count = 1) =>
      until(async () => {
        const rows = await listNow(filter);
        return rows.length === count && rows;
      }),
    printed: async (run, { json = false, queues = [], isTerminal = false, columns = 120, heard } = {}) => {
      let text = '';
      const output = {
        json,
        isTerminal,
        columns,
        colour: false,
        write: (more: string) => (heard?.(more), void (text += more)),
      };
      await run({ client, queues, ...ui, output, remember: () => undefined, now: Date.now() });
      return text;
    },
    close: async () => {
      jobWorker.shutdown();
      await worked;
      await engine.close();
    },
  };
}

/** An activity that is on its way until it is cancelled. */
export async function blocked(): Promise<never> {
  for (;;) {
    heartbeat({ host: HOST, progress: 40 });
    await delay(100, undefined, { signal: cancellationSignal() });
  }
}

/** An activity that fails, and is tried again when the test is long over. */
export const failing = (type: string, message: string) => () =>
  Promise.reject(ApplicationFailure.create({ type, message, nextRetryDelay: '1 hour' }));

/** An activity that fails for good. */
export const refusing =
  (type: string, message: string, details: unknown[] = []) =>
  () =>
    Promise.reject(ApplicationFailure.create({ type, message, nonRetryable: true, details }));
