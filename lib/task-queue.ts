import type { Client, WorkflowService } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

type DescribeRequest = Parameters<WorkflowService['describeTaskQueue']>[0];

/** Temporal's number for a task queue's activities; its workflows have a queue of their own under the same name. */
// The enum itself is not the client's to export.
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
export const ACTIVITIES = 2 as NonNullable<DescribeRequest['taskQueueType']>;

/** A poll lasts a minute, then comes the next one. */
const POLL_MS = 65_000;

/** What the engine knows of the activities of a task queue; costs it about 3 ms. */
export const describeActivities = (client: Client, name: string, report: DescribeRequest = {}) =>
  describe(client, { taskQueue: { name }, taskQueueType: ACTIVITIES, ...report });

/** Tasks that no worker has taken yet, as of now: `stats`, their successor, are up to 5 s old. */
export async function activitiesWaiting(client: Client, name: string): Promise<number> {
  const { activityTaskQueuePartitions: partitions } = await partitionsOf(client, name);
  return sum(partitions.map(({ key }) => describeActivities(client, key ?? name, { includeTaskQueueStatus: true })));
}

export async function workflowTasksWaiting(client: Client, name: string): Promise<number> {
  const { workflowTaskQueuePartitions: partitions } = await partitionsOf(client, name);
  return sum(
    partitions.map(({ key }) => describe(client, { taskQueue: { name: key ?? name }, includeTaskQueueStatus: true })),
  );
}

/** Processes that wait for activities of this task queue. */
export async function countPollers(client: Client, name: string): Promise<number> {
  const { pollers } = await describeActivities(client, name);
  const isThere = pollers.filter(({ lastAccessTime }) => Date.now() - (optionalTsToMs(lastAccessTime) ?? 0) < POLL_MS);
  return new Set(isThere.map(({ identity }) => identity)).size;
}

const describe = (client: Client, request: DescribeRequest) =>
  client.connection.workflowService.describeTaskQueue({ namespace: client.options.namespace, ...request });

/** Our engine has one for each task queue; others may have split them. */
const partitionsOf = (client: Client, name: string) =>
  client.connection.workflowService.listTaskQueuePartitions({
    namespace: client.options.namespace,
    taskQueue: { name },
  });

async function sum(answers: ReturnType<typeof describe>[]): Promise<number> {
  const counts = (await Promise.all(answers)).map(({ taskQueueStatus }) => taskQueueStatus?.backlogCountHint);
  return counts.reduce((total, count) => total + Number(count ?? 0), 0);
}
