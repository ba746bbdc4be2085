import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';

import type { JobLimits } from '../lib/contract/job-input.ts';
import { bridgeTaskQueue, gpuTaskQueue, hostTaskQueue } from '../lib/contract/names.ts';

/** GPU time is dear: an attempt may be long, a silent host is noticed soon. */
export const commandPolicy = (queue: string, limits: JobLimits): ActivityOptions => ({
  taskQueue: gpuTaskQueue(queue),
  // The host bounds the command itself; the rest is for storing its result while the store is away.
  startToCloseTimeout: limits.commandTimeoutMs + limits.taskRetryWindowMs,
  heartbeatTimeout: limits.heartbeatTimeoutMs,
  // No maximum of attempts: faults of hosts do not count, and classify.ts ends it at `commandAttempts`. Each failure says when
  // to try again; the interval is for a host that fell silent, however many faults came before.
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
  // No scheduleToCloseTimeout: a job waits for a GPU as long as it takes.
  // A cancelled command must have left the host before the job says so.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/** A destination may be down all weekend; the bytes are staged, so waiting is free. */
export const taskPolicy = (limits: Pick<JobLimits, 'taskRetryWindowMs'>): ActivityOptions => ({
  scheduleToCloseTimeout: limits.taskRetryWindowMs,
  // One attempt: a large file over a slow line; a stuck one is noticed by its heartbeat.
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});

/** Ten minutes outlast a restart of bridge or broker; beyond them the failed workflow is the record. */
export const deadLetterPolicy = (queue: string): ActivityOptions => ({
  taskQueue: bridgeTaskQueue(queue),
  scheduleToCloseTimeout: '10 minutes',
  // A mebibyte out of the store and into the broker.
  startToCloseTimeout: '1 minute',
  // A bridge that died with it: until another one has stored it the run stays open, and who redrives waits for that.
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '15 seconds' },
});
/** Answered by the job worker itself, from its memory. */
export const chainSettingsPolicy: LocalActivityOptions = { startToCloseTimeout: '10 seconds' };

/** A chain waits for the result store as long as it takes; a try that hangs is given up. */
export const chainStorePolicy: ActivityOptions = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
};

/** Long enough for a web server that is restarted; the job's own page says for whom it waits. */
export const approvalWebhookPolicy: ActivityOptions = {
  scheduleToCloseTimeout: '1 hour',
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
  summary: 'approval webhook',
};

/** A person waits for the answer; a host that does not give it now is silent. */
export const hostStatusPolicy = (identity: string): ActivityOptions => ({
  taskQueue: hostTaskQueue(identity),
  scheduleToCloseTimeout: '2 seconds',
  retry: { maximumAttempts: 1 },
});
