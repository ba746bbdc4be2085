import { setTimeout as delay } from 'node:timers/promises';

import type { CommandInput } from '../../activities/command.ts';
import { memberText } from '../../lib/contract/json-text.ts';
import { readGpuQueue } from '../../lib/gpu-queue.ts';
import { aGpuWorker } from '../support/a-gpu-worker.ts';
import { aJobWorker } from '../support/a-job-worker.ts';
import { aMessage } from '../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { anIntake, type IntakeParts } from '../support/an-intake.ts';
import { until } from '../support/until.ts';

let engine: TestNamespace;
let jobWorker: { stop(): Promise<void> };
let intake: IntakeParts['intake'];
beforeAll(async () => {
  engine = await aNamespace();
  jobWorker = await aJobWorker(engine);
  intake = anIntake(engine.client).intake;
});
afterAll(async () => {
  await jobWorker?.stop();
  await engine?.close();
});

const never = new AbortController().signal;

/** Takes a job in as a bridge does. */
async function takeIn(queue: string, name: string, dqm: { priority?: string; tenant?: string }): Promise<void> {
  const body = { command: 'render_product', parameters: { name }, dqm };
  expect(await intake.judge(aMessage({ queue, body, messageId: name }), never)).toMatchObject({ outcome: 'started' });
}

const waiting = (queue: string, count: number) =>
  until(async () => (await readGpuQueue(engine.client, queue)).waiting === count);

const nameOf = (input: CommandInput): string => {
  const text = 'body' in input && 'text' in input.body ? input.body.text : '{}';
  return (JSON.parse(memberText(text, 'parameters') ?? '{}') as { name: string }).name;
};

test('a highest job inside the engine waits for the running command alone, whatever else waits', async () => {
  const queue = 'urgent';
  for (let number = 0; number < 30; number += 1) await takeIn(queue, `normal-${number}`, {});
  await waiting(queue, 30);
  const order: string[] = [];
  const host = await aGpuWorker(engine, {
    queue,
    run: async (input) => {
      order.push(nameOf(input));
      if (order.length === 1) {
        await takeIn(queue, 'now', { priority: 'highest' });
        await waiting(queue, 30);
      }
      await delay(20);
    },
  });
  await until(() => order.length === 31);
  await host.stop();
  // The worker's poll may have brought one more before the urgent job was there.
  expect(order.indexOf('now')).toBeLessThanOrEqual(2);
});

test('two tenants with many and with few jobs get alternate turns', async () => {
  const queue = 'fair';
  for (let number = 0; number < 40; number += 1) await takeIn(queue, `many-${number}`, { tenant: 'many' });
  for (let number = 0; number < 5; number += 1) await takeIn(queue, `few-${number}`, { tenant: 'few' });
  await waiting(queue, 45);
  const order: string[] = [];
  const host = await aGpuWorker(engine, { queue, run: async (input) => void order.push(nameOf(input)) });
  await until(() => order.length === 45);
  await host.stop();
  // In a single line, all of them would stand behind the forty.
  expect(order.findLastIndex((name) => name.startsWith('few'))).toBeLessThan(15);
});
