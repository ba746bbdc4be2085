import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { createAllowance } from '../../../../bridges/allowance/allowance.ts';
import { startAmqpBridge } from '../../../../bridges/amqp/bridge.ts';
import { systemClock } from '../../../../lib/clock.ts';
import { createFarm } from '../../../../bridges/allowance/farm.ts';
import { startSqsBridge } from '../../../../bridges/sqs/bridge.ts';
import { readGpuQueue } from '../../../../lib/gpu-queue.ts';
import type { Running } from '../../../../lib/run.ts';
import { aJobWorker } from '../../../support/a-job-worker.ts';
import { aBody } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { aGpuWorker } from '../../../support/a-gpu-worker.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { anIntake } from '../../../support/an-intake.ts';
import { anSqsClient, anSqsQueue } from '../../../support/an-sqs-queue.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

const MESSAGES = 50;
const COMMAND_MS = 250;

let engine: TestNamespace;
let jobWorker: { stop(): Promise<void> };
let broker: TestBroker | undefined;
beforeAll(async () => {
  engine = await aNamespace();
  jobWorker = await aJobWorker(engine);
  broker = servers().amqpUrl === undefined ? undefined : await aBroker();
});
afterAll(async () => {
  await broker?.close();
  await jobWorker?.stop();
  await engine?.close();
});

/** Fifty messages in a broker's queue, and a bridge of it. */
interface Backlog {
  name: string;
  bridge: Running;
  log: ReturnType<typeof anIntake>['log'];
  /** Messages that nobody holds, and those that are in somebody's hand. */
  depth(): Promise<{ visible: number; held: number }>;
}

function bridgeParts() {
  const name = `q-${randomUUID()}`;
  const { deps, log } = anIntake(engine.client);
  const farm = createFarm(engine.client, name);
  const allowance = createAllowance({ queue: name, maxWaitingJobs: 'auto', farm, clock: systemClock, log });
  return { name, log, deps: { ...deps, allowance } };
}

async function anSqsBacklog(): Promise<Backlog> {
  const sqs = anSqsClient();
  const { url, send, depth } = await anSqsQueue(sqs);
  for (let number = 0; number < MESSAGES; number += 1) await send(JSON.stringify(aBody()));
  const { name, log, deps } = bridgeParts();
  const queue = { kind: 'sqs', name, url, acknowledge: 'on_start', maxWaitingJobs: 'auto' } as const;
  const bridge = startSqsBridge({ ...deps, sqs, queue });
  return { name, log, bridge, depth: async () => ({ ...(await depth()), held: (await depth()).inFlight }) };
}

async function anAmqpBacklog(): Promise<Backlog> {
  const amqp = broker as TestBroker;
  const source = await amqp.queue();
  for (let number = 0; number < MESSAGES; number += 1)
    await amqp.send(source, JSON.stringify(aBody()), { messageId: `m-${number}` });
  const { name, log, deps } = bridgeParts();
  const bridge = startAmqpBridge({
    ...deps,
    queue: {
      kind: 'amqp',
      name,
      urls: [servers().amqpUrl ?? ''],
      tls: {},
      queue: source,
      prefetch: 100,
      declare: false,
      maxWaitingJobs: 'auto',
    },
  });
  const look = async () => {
    const { messageCount, consumerCount } = await amqp.look(source);
    return { visible: messageCount, held: consumerCount };
  };
  return { name, log, bridge, depth: look };
}

test.each([
  ['SQS', anSqsBacklog],
  ['AMQP', anAmqpBacklog],
])(
  'on %s, messages stay in the broker until a render host is ready; then its GPU never waits for one',
  async (transport, aBacklog) => {
    if (transport === 'AMQP' && !broker) return;
    const { name, log, bridge, depth } = await aBacklog();
    const left: number[] = [];
    let begun = 0;
    let most = 0;
    let host: { stop(): Promise<void> } | undefined;
    try {
      await until(() => log.events.some(({ message }) => message === 'Messages stay in the broker'));
      expect(await depth()).toMatchObject({ visible: MESSAGES, held: 0 });

      host = await aGpuWorker(engine, {
        queue: name,
        run: async () => {
          begun += 1;
          await delay(COMMAND_MS);
          const { waiting } = await readGpuQueue(engine.client, name);
          most = Math.max(most, waiting);
          if (begun < MESSAGES) left.push(waiting);
        },
      });
      await until(() => begun === MESSAGES);
      // When a command ended the next was at hand; a machine that is busy with other tests may be late at times.
      expect(left.filter((waiting) => waiting === 0).length).toBeLessThanOrEqual(MESSAGES / 10);
      // Two at first, two seconds' work later, and more when job workers are slow: the rest was left to the broker.
      expect(most).toBeLessThan(MESSAGES - MESSAGES / 10);
      await until(async () => (await depth()).visible === 0);
    } finally {
      await host?.stop();
      bridge.stop();
      await bridge.done;
    }
  },
);
