import type { Client } from '@temporalio/client';
import { Gauge, type Registry } from 'prom-client';

import { systemClock } from './clock.ts';
import { DqmGpuSeconds } from './contract/search-attributes.ts';
import { readGpuQueue } from './gpu-queue.ts';
import { visibilityQuery } from './jobs/query.ts';
import { kept } from './kept.ts';

/** A queue whose gauges this process shows. */
export interface QueueSource {
  name: string;
  client: Client;
  inBroker(): Promise<number | null>;
}

export interface QueueMetrics {
  add(source: QueueSource): void;
}

/** What waits shall be through in this time: the less, the more hosts are wanted. */
const TARGET_SECONDS = 600;
/** Enough to know how long a command of this queue takes. */
const MEASURED_JOBS = 20;
/** All gauges of one scrape share a look. */
const SHARED_MS = 1_000;

interface Look {
  queue: string;
  backlog: number;
  ageSeconds: number;
  hostsWanted: number;
}

/** Backlog, its age and the hosts it wants, read when somebody scrapes. What does not answer is left out. */
export function createQueueMetrics(registry: Registry): QueueMetrics {
  const queues: QueueSource[] = [];
  const look = kept(systemClock, SHARED_MS, async () => {
    const looks = await Promise.all(queues.map((queue) => lookAt(queue).catch(() => [])));
    return looks.flat();
  });
  const gauge = (name: string, help: string, value: (look: Look) => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['queue'],
        registers: [],
        async collect() {
          this.reset();
          for (const each of await look()) this.set({ queue: each.queue }, value(each));
        },
      }),
    );
  };
  gauge('dqm_gpu_backlog', 'Commands in the engine that wait for a render host.', ({ backlog }) => backlog);
  gauge('dqm_gpu_backlog_age_seconds', 'How long the oldest of them waits.', ({ ageSeconds }) => ageSeconds);
  gauge(
    'dqm_hosts_wanted',
    'GPU slots that would be through in ten minutes with what waits in broker and engine; 0 when nothing does.',
    (look) => look.hostsWanted,
  );
  return { add: (source) => void queues.push(source) };
}

async function lookAt({ name: queue, client, inBroker }: QueueSource): Promise<Look[]> {
  const [{ waiting, oldestWaitSeconds }, open, depth, seconds] = await Promise.all([
    readGpuQueue(client, queue),
    client.workflow.count(visibilityQuery({ queue, state: 'waiting' })),
    inBroker().catch(() => null),
    secondsOfCommand(client, queue),
  ]);
  const jobs = open.count + (depth ?? 0);
  const ageSeconds = waiting === 0 ? 0 : oldestWaitSeconds;
  return [{ queue, backlog: waiting, ageSeconds, hostsWanted: hostsWanted(jobs, seconds) }];
}

/** At least one for a single job, at most one for each. */
export const hostsWanted = (jobs: number, secondsEach: number): number =>
  jobs === 0 ? 0 : Math.min(jobs, Math.max(1, Math.ceil((jobs * secondsEach) / TARGET_SECONDS)));

/** Of the latest jobs, on average; 0 before the first. */
async function secondsOfCommand(client: Client, queue: string): Promise<number> {
  const seconds: number[] = [];
  const query = visibilityQuery({ queue, state: 'completed' });
  for await (const { typedSearchAttributes } of client.workflow.list({ query, pageSize: MEASURED_JOBS })) {
    seconds.push(typedSearchAttributes.get(DqmGpuSeconds) ?? 0);
    if (seconds.length === MEASURED_JOBS) break;
  }
  return seconds.length === 0 ? 0 : seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
}
