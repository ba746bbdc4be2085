import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';

import { startAmqpBridge } from '../../../bridges/amqp/bridge.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aBroker } from '../../support/an-amqp-queue.ts';
import { anIntake } from '../../support/an-intake.ts';
import { anSqsBridge } from '../../support/an-sqs-bridge.ts';
import { anSqsClient, anSqsQueue } from '../../support/an-sqs-queue.ts';
import { fuzzedBodies } from '../../support/fuzzed-bodies.ts';
import { describeWithAmqp, servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

jest.setTimeout(240_000);

const BODIES = 2_000;
const BATCH = 10;

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

function bodiesOf(seed: number, isSent: (body: Buffer) => boolean): Buffer[] {
  const bodies: Buffer[] = [];
  for (const body of fuzzedBodies(seed)) {
    if (isSent(body)) bodies.push(body);
    if (bodies.length === BODIES) break;
  }
  return bodies;
}

/** Each message has one ending, and nobody has any left. */
function expectEndings(outcomes: readonly string[], deadLetters: number): void {
  const counts = { started: 0, duplicate: 0, rejected: 0, unavailable: 0 };
  for (const outcome of outcomes) counts[outcome as keyof typeof counts] += 1;
  expect(counts).toMatchObject({ duplicate: 0, unavailable: 0 });
  expect(counts.started + counts.rejected).toBe(BODIES);
  expect(counts.started).toBeGreaterThan(BODIES / 20);
  expect(deadLetters).toBe(counts.rejected);
}

const sqs = anSqsClient();

test('SQS: each of 2,000 bodies becomes a job or a dead letter', async () => {
  const [queue, dead] = [await anSqsQueue(sqs), await anSqsQueue(sqs)];
  // SQS takes XML's characters alone, and no empty body.
  const bodies = bodiesOf(1, (body) => /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]+$/.test(body.toString()));
  for (let first = 0; first < BODIES; first += BATCH) {
    const Entries = bodies
      .slice(first, first + BATCH)
      .map((body, index) => ({ Id: String(index), MessageBody: body.toString() }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
  }
  const { outcomes, settled } = anSqsBridge(engine.client, queue.url, { deadLetterUrl: dead.url });
  await settled(BODIES);
  await until(async () => (await queue.depth()).inFlight === 0);
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
  expectEndings(outcomes, (await dead.depth()).visible);
});

describeWithAmqp('AMQP', () => {
  test('each of 2,000 bodies becomes a job or a dead letter', async () => {
    const broker = await aBroker();
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const bodies = bodiesOf(2, () => true);
    for (const [index, body] of bodies.entries()) await broker.send(queue, body, { messageId: `m-${index}` });
    const { deps, outcomes, settled } = anIntake(engine.client);
    const bridge = startAmqpBridge({
      ...deps,
      queue: {
        kind: 'amqp',
        name: 'fuzzed',
        urls: [servers().amqpUrl ?? ''],
        tls: {},
        queue,
        prefetch: 100,
        declare: false,
        deadLetter: { kind: 'queue', queue: dead },
        maxWaitingJobs: 'unlimited',
      },
    });
    await settled(BODIES);
    bridge.stop();
    await bridge.done;
    expect(await broker.look(queue)).toMatchObject({ messageCount: 0 });
    expectEndings(outcomes, (await until(() => broker.look(dead))).messageCount);
    await broker.close();
  });
});
