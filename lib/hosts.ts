import type { Client, WorkflowService } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

import { gpuTaskQueue, hostOf, queueOfGpuTaskQueue } from './contract/names.ts';
import { isGrpcStatus } from './grpc.ts';
import { describeActivities } from './task-queue.ts';

/** Workers beat every 10 s (`lib/temporal.ts`): one beat may be lost. */
const FRESH_MS = 25_000;
/** A worker that has just started polls before its first beat. */
const POLLED_MS = 12_000;
/** Temporal's numbers. The second one is the last word of a worker that was stopped. */
const STATUS_RUNNING = 1;
const STATUS_STOPPING = 2;

/** The worker of one `realityserver_url`, as the engine sees it. */
export interface GpuSlot {
  /** `gpu@<host>/<n>`. */
  identity: string;
  host: string;
  queue: string;
  /** It waits for a command or has one. A killed one stays ready for up to 25 s. */
  isReady: boolean;
  /** Ready, and without a command when it was last heard of. */
  isIdle: boolean;
  /** It takes nothing more, and had nothing in hand when it said so. */
  hasEnded: boolean;
  heardAt: Date;
  /** Undefined until its first beat. */
  process: { machine: string; pid: number } | undefined;
}

/** False: `max_waiting_jobs auto`, `dqm hosts` and the count of ready slots have nothing to go by. */
export async function canListWorkers(client: Client): Promise<boolean> {
  const { namespace } = client.options;
  const { namespaceInfo } = await client.connection.workflowService.describeNamespace({ namespace });
  return namespaceInfo?.capabilities?.workerHeartbeats === true;
}

/**
 * The GPU slots of these queues, silent ones of the last minutes too, by identity. Undefined when the engine cannot list
 * workers (see `canListWorkers`).
 */
export async function listGpuSlots(client: Client, queues: readonly string[]): Promise<GpuSlot[] | undefined> {
  try {
    const slots = await Promise.all(queues.map((queue) => slotsOf(client, queue)));
    return slots.flat();
  } catch (error) {
    if (isGrpcStatus(error, 'unimplemented')) return undefined;
    throw error;
  }
}

/** True while the worker may be at work: its process ends with a last word, or falls silent. */
export const mayLive = ({ hasEnded, heardAt }: GpuSlot, nowMs: number): boolean =>
  !hasEnded && nowMs - heardAt.getTime() < FRESH_MS;

/** Queues whose render hosts the engine has heard of in the last minutes. Rejects when it cannot list workers. */
export async function queuesWithHosts(client: Client): Promise<string[]> {
  const queues = new Set<string>();
  for await (const { taskQueue } of workersHeardOf(client)) {
    const queue = queueOfGpuTaskQueue(taskQueue ?? '');
    if (queue !== undefined) queues.add(queue);
  }
  return [...queues];
}

/** What one worker process told last. */
interface Beat {
  atMs: number;
  startedMs: number;
  isRunning: boolean;
  hasEnded: boolean;
  polls: boolean;
  works: boolean;
  process: GpuSlot['process'];
}

async function slotsOf(client: Client, queue: string): Promise<GpuSlot[]> {
  const [beats, polledMs] = await Promise.all([lastBeats(client, queue), lastPolls(client, queue)]);
  const nowMs = Date.now();
  return [...new Set([...beats.keys(), ...polledMs.keys()])].sort().flatMap((identity) => {
    const host = hostOf(identity);
    return host === undefined
      ? []
      : [slotOf({ identity, host, queue }, beats.get(identity), polledMs.get(identity), nowMs)];
  });
}

/** The beat decides, unless the worker has polled since. */
function slotOf(
  names: Pick<GpuSlot, 'identity' | 'host' | 'queue'>,
  beat: Beat | undefined,
  polledMs = 0,
  nowMs: number,
): GpuSlot {
  const heard = { heardAt: new Date(Math.max(beat?.atMs ?? 0, polledMs)), process: beat?.process };
  if (polledMs > (beat?.atMs ?? 0) && nowMs - polledMs < POLLED_MS) {
    return { ...names, isReady: true, isIdle: beat?.works !== true, hasEnded: false, ...heard };
  }
  const isFresh = beat !== undefined && beat.isRunning && nowMs - beat.atMs < FRESH_MS;
  const isReady = isFresh && (beat.polls || beat.works);
  return { ...names, isReady, isIdle: isReady && !beat.works, hasEnded: beat?.hasEnded === true, ...heard };
}

async function lastBeats(client: Client, queue: string): Promise<Map<string, Beat>> {
  const beats = new Map<string, Beat>();
  for await (const told of workersHeardOf(client, `TaskQueue = '${gpuTaskQueue(queue)}'`)) {
    const identity = told.workerIdentity ?? '';
    const works = (told.activityTaskSlotsInfo?.currentUsedSlots ?? 0) > 0;
    const beat: Beat = {
      atMs: optionalTsToMs(told.heartbeatTime) ?? 0,
      startedMs: optionalTsToMs(told.startTime) ?? 0,
      isRunning: Number(told.status) === STATUS_RUNNING,
      hasEnded: Number(told.status) === STATUS_STOPPING && !works,
      polls: (told.activityPollerInfo?.currentPollers ?? 0) > 0,
      works,
      process: told.hostInfo
        ? { machine: told.hostInfo.hostName ?? '', pid: Number(told.hostInfo.processId ?? 0) }
        : undefined,
    };
    // A worker that was started again is listed beside the one before it.
    if (beat.startedMs >= (beats.get(identity)?.startedMs ?? 0)) beats.set(identity, beat);
  }
  return beats;
}

type WorkerList = Awaited<ReturnType<WorkflowService['listWorkers']>>;
type WorkerHeartbeat = NonNullable<WorkerList['workersInfo'][number]['workerHeartbeat']>;

/** All of the namespace without `query`; of the last minutes. */
async function* workersHeardOf(client: Client, query = ''): AsyncGenerator<WorkerHeartbeat> {
  const request = { namespace: client.options.namespace, query };
  let nextPageToken = new Uint8Array();
  do {
    const answer = await client.connection.workflowService.listWorkers({ ...request, nextPageToken });
    for (const { workerHeartbeat } of answer.workersInfo) if (workerHeartbeat) yield workerHeartbeat;
    nextPageToken = answer.nextPageToken as Uint8Array<ArrayBuffer>;
  } while (nextPageToken.length > 0);
}

async function lastPolls(client: Client, queue: string): Promise<Map<string, number>> {
  const { pollers } = await describeActivities(client, gpuTaskQueue(queue));
  return new Map(pollers.map(({ identity, lastAccessTime }) => [identity ?? '', optionalTsToMs(lastAccessTime) ?? 0]));
}
