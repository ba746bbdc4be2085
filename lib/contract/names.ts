/** Names that our processes share through Temporal. Free of Node, so that the sandbox may import them. */

/** Workflows and completion tasks: needs no GPU. */
export const JOBS_TASK_QUEUE = 'dqm-jobs';

/** The GPU-bound commands of one named queue; only render hosts poll it. */
export const gpuTaskQueue = (queue: string): string => `dqm-gpu-${queue}`;

/** The queue that such a task queue belongs to; undefined: it is of another kind. */
export const queueOfGpuTaskQueue = (taskQueue: string): string | undefined => /^dqm-gpu-(.+)$/.exec(taskQueue)?.[1];

/** What only the process with a queue's broker credentials can do. */
export const bridgeTaskQueue = (queue: string): string => `dqm-bridge-${queue}`;

/** A host's own status. */
export const hostTaskQueue = (identity: string): string => `dqm-host-${identity}`;

/** Keeps whether a host is paused. Nobody polls it: the workers of a host have identities, which begin with `gpu@`. */
export const hostPauseTaskQueue = (host: string): string => `dqm-host-${host}`;

/** Identity of the worker for the `slot`th `realityserver_url` of a host, counted from 1. */
export const gpuWorkerIdentity = (host: string, slot: number): string => `gpu@${host}/${slot}`;

/** The render host of a worker; other workers are nobody's host. */
export const hostOf = (identity: string | null | undefined): string | undefined =>
  /^gpu@(.+)\/\d+$/.exec(identity ?? '')?.[1];

/** The type of the workflow that holds a message no dead-letter target could take. */
export const REJECTED_WORKFLOW = 'dqm/rejected';

/** The type of the short workflow that asks render hosts how they are. */
export const HOSTS_WORKFLOW = 'dqm/hosts';

/** The signal that ends it. */
export const SETTLE_REJECTED = 'settle';

/** The type of the workflow that tells the failure webhook of one failure. */
export const FAILURE_WEBHOOK_WORKFLOW = 'dqm/failure-webhook';

/** Workflow types of our own begin so; `allow_command` may not name one. */
export const OWN_WORKFLOW_PREFIX = 'dqm/';

export const QUEUE_NAME = /^[A-Za-z0-9._-]{1,80}$/;
export const JOB_ID = /^[A-Za-z0-9._:-]{1,200}$/;

export const MAX_TENANT_BYTES = 64;

/** From first to last. Temporal's priority keys have the same order: 1 goes first. */
export const PRIORITIES = ['highest', 'high', 'normal', 'low', 'lowest'] as const;
export type PriorityKey = 1 | 2 | 3 | 4 | 5;

/** Global in the sandbox: called by each loop of a chains module. */
export const LOOP_GUARD = '__dqm_loop_turns';
