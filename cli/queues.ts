import { AUTO_WITHOUT_WORKERS } from '../bridges/allowance/allowance.ts';
import { brokerDepth } from '../bridges/broker-depth.ts';
import { createSqs } from '../lib/aws.ts';
import type { QueueConfig } from '../lib/config/config.ts';
import { errorText } from '../lib/log.ts';
import { engineView, type QueueView } from '../lib/queue-view.ts';

import type { Context } from './context.ts';
import { jsonLine } from './output/output.ts';
import { queuesTable } from './output/queues-table.ts';
import type { ClientDeps } from './with-client.ts';

/** A person waits for the table; a broker that takes longer costs its column. */
const BROKER_LIMIT_MS = 5_000;

/** `dqm queues`: what waits, runs and failed in each configured queue, from broker and engine together. */
export async function queues(
  _options: unknown,
  { client, output, now }: ClientDeps,
  { config }: Pick<Context, 'config'>,
): Promise<void> {
  const sqs = createSqs(config.aws);
  const notes: string[] = [];
  try {
    const views = await Promise.all(
      [...config.queues.values()].map(async (queue): Promise<QueueView> => {
        const depth = depthOf(queue).catch((error: unknown) => {
          notes.push(`${queue.name}: the broker does not answer: ${errorText(error)}`);
          return null;
        });
        const { queue: name, ...counts } = await engineView(client, queue.name);
        const view = { queue: name, in_broker: await depth, ...counts };
        notes.push(...notesOn(queue, view));
        return view;
      }),
    );
    if (output.json) return output.write(views.map(jsonLine).join(''));
    output.write(views.length === 0 ? 'No queues.\n' : queuesTable(views, output, now));
    if (notes.length > 0) output.write(`\n${notes.map((note) => `${note}\n`).join('')}`);
  } finally {
    sqs.destroy();
  }

  async function depthOf(queue: QueueConfig): Promise<number | null> {
    const signal = AbortSignal.timeout(BROKER_LIMIT_MS);
    const late = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
    });
    return Promise.race([brokerDepth(queue, sqs, signal), late]);
  }
}

/** Why messages stay in the broker, and what the limit is where it is not what the file says. */
function notesOn(queue: QueueConfig, { in_broker, ready_hosts, paused, waiting }: QueueView): string[] {
  if (queue.kind === 'direct' || paused) return [];
  const { name, maxWaitingJobs } = queue;
  if (maxWaitingJobs === 'auto' && ready_hosts === null) {
    return [`${name}: the engine cannot list workers, so max_waiting_jobs auto is ${AUTO_WITHOUT_WORKERS}`];
  }
  if (!in_broker) return [];
  if (maxWaitingJobs === 'auto' && ready_hosts === 0) {
    return [`${name}: ${in_broker} messages stay in the broker until a render host is ready`];
  }
  if (maxWaitingJobs === 'unlimited' || waiting === 0) return [];
  return [`${name}: ${in_broker} messages are held back in the broker by max_waiting_jobs ${maxWaitingJobs}`];
}
