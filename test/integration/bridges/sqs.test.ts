import { randomUUID } from 'node:crypto';

import { DeleteQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';

import { startSqsBridge } from '../../../bridges/sqs.ts';
import type { SqsQueueConfig } from '../../../lib/config/config.ts';
import type { Running } from '../../../lib/run.ts';
import { aBody, GOLDEN_BODY } from '../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { anIntake } from '../../support/an-intake.ts';
import { anSqsClient, anSqsQueue, text } from '../../support/an-sqs-queue.ts';
import { aProxy } from '../../support/a-proxy.ts';
import { servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

jest.setTimeout(60_000);

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

const sqs = anSqsClient();
const running: Running[] = [];
afterEach(async () => {
  for (const bridge of running) bridge.stop();
  await Promise.allSettled(running.splice(0).map(({ done }) => done));
});

/** A bridge of this queue, under a name of its own; stopped after the test. */
function aBridge(url: string, { deadLetterUrl, client = engine.client, endpoint }: BridgeChanges = {}) {
  const name = `q-${randomUUID()}`;
  const parts = anIntake(client);
  const queue: SqsQueueConfig = {
    kind: 'sqs',
    name,
    url,
    acknowledge: 'on_start',
    maxWaitingJobs: 'unlimited',
    ...(deadLetterUrl !== undefined && { deadLetterUrl }),
  };
  const bridge = startSqsBridge({ ...parts.deps, sqs: endpoint === undefined ? sqs : anSqsClient(endpoint), queue });
  running.push(bridge);
  bridge.done.catch(() => undefined);
  return { name, bridge, ...parts };
}

interface BridgeChanges {
  deadLetterUrl?: string;
  client?: Client;
  endpoint?: string;
}

const describeJob = (workflowId: string) => engine.client.workflow.getHandle(workflowId).describe();

test('the golden message becomes a workflow and leaves the queue', async () => {
  const queue = await anSqsQueue(sqs);
  const { name, settled, outcomes, isReady } = aBridge(queue.url);
  const messageId = await queue.send(GOLDEN_BODY);
  await settled(1);
  expect(outcomes).toEqual(['started']);
  expect(isReady()).toBe(true);
  const { memo } = await describeJob(`job/${name}/${messageId}`);
  expect(memo).toMatchObject({ message_id: messageId, delivery_id: messageId });
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
});

test('a message of the same job is a duplicate and leaves the queue, too', async () => {
  const queue = await anSqsQueue(sqs);
  const { name, settled, outcomes } = aBridge(queue.url);
  const body = JSON.stringify(aBody());
  await queue.send(body, { dqm_job_id: text('chair-1'), dqm_tenant: text('acme') });
  await settled(1);
  await queue.send(body, { dqm_job_id: text('chair-1') });
  await settled(2);
  expect(outcomes).toEqual(['started', 'duplicate']);
  expect((await describeJob(`job/${name}/chair-1`)).memo).toMatchObject({ tenant: 'acme' });
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
});

test('a bad message goes to dead_letter_url with its attributes and our marks, and the queue goes on', async () => {
  const [queue, dead] = [await anSqsQueue(sqs), await anSqsQueue(sqs)];
  const { settled, outcomes } = aBridge(queue.url, { deadLetterUrl: dead.url });
  const body = '{"command":"render_product","tasks":[{"name":"ftp","config":{}}],"dqm":{"job_id":"chair-1"}}';
  const messageId = await queue.send(body, {
    origin: text('shop'),
    blob: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
  });
  await queue.send(GOLDEN_BODY);
  await settled(2);
  expect([...outcomes].sort()).toEqual(['rejected', 'started']);
  const letter = await dead.receive();
  expect(letter.Body).toBe(body);
  expect(letter.MessageAttributes).toEqual({
    origin: text('shop'),
    blob: expect.objectContaining({ DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) }),
    dqm_error_type: text('BadMessage'),
    dqm_error: text('tasks[0].name: unknown task "ftp", known are s3_upload, http_post'),
    dqm_job_id: text('chair-1'),
    dqm_message_id: text(messageId),
  });
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
});

test('without dead_letter_url the RedrivePolicy says where to; what comes back keeps its ids', async () => {
  const dead = await anSqsQueue(sqs);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 5 });
  const queue = await anSqsQueue(sqs, { RedrivePolicy });
  const { name, settled, outcomes } = aBridge(queue.url);
  const messageId = await queue.send('{"command":"format_disk"}');
  await settled(1);
  const letter = await dead.receive();
  expect(letter.MessageAttributes).toMatchObject({
    dqm_error_type: text('CommandNotAllowed'),
    dqm_job_id: text(messageId),
    dqm_message_id: text(messageId),
  });
  // Corrected, and moved back by hand.
  const newId = await queue.send(GOLDEN_BODY, letter.MessageAttributes);
  await settled(2);
  expect(outcomes).toEqual(['rejected', 'started']);
  const { memo } = await describeJob(`job/${name}/${messageId}`);
  expect(memo).toMatchObject({ job_id: messageId, message_id: messageId, delivery_id: newId });
});

test('without any target a workflow holds a bad message', async () => {
  const queue = await anSqsQueue(sqs);
  const { name, settled, outcomes } = aBridge(queue.url);
  const messageId = await queue.send('not JSON');
  await settled(1);
  expect(outcomes).toEqual(['rejected']);
  expect(await describeJob(`rejected/${name}/${messageId}`)).toMatchObject({ status: { name: 'RUNNING' } });
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
});

test('a target that is gone counts as none, and so does one whose limits leave no room', async () => {
  const [queue, dead] = [await anSqsQueue(sqs), await anSqsQueue(sqs)];
  const attributes = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`a${index}`, text('x')]));
  const { name, settled, log } = aBridge(queue.url, { deadLetterUrl: dead.url });
  const crowded = await queue.send('not JSON', attributes);
  await settled(1);
  await sqs.send(new DeleteQueueCommand({ QueueUrl: dead.url }));
  const late = await queue.send('not JSON either');
  await settled(2);
  for (const messageId of [crowded, late]) {
    expect(await describeJob(`rejected/${name}/${messageId}`)).toMatchObject({ status: { name: 'RUNNING' } });
  }
  const reasons = log.events.filter(({ message }) => message.startsWith('No dead letter')).map(({ reason }) => reason);
  expect(reasons).toEqual([expect.stringContaining('10 attributes'), expect.stringContaining('no such queue')]);
});

test('a FIFO queue: the group travels with the message, and to its dead letter', async () => {
  const fifo = { FifoQueue: 'true' };
  const [queue, dead] = [await anSqsQueue(sqs, fifo, '.fifo'), await anSqsQueue(sqs, fifo, '.fifo')];
  const { settled } = aBridge(queue.url, { deadLetterUrl: dead.url });
  await queue.send('not JSON', {}, { MessageGroupId: 'shop-7', MessageDeduplicationId: '1' });
  await settled(1);
  expect((await dead.receive()).Attributes).toMatchObject({ MessageGroupId: 'shop-7' });
});

test('a long queue is emptied by several batches, each message once', async () => {
  const queue = await anSqsQueue(sqs);
  const ids = await Promise.all(Array.from({ length: 60 }, () => queue.send(GOLDEN_BODY)));
  const { name, settled, outcomes } = aBridge(queue.url);
  await settled(60);
  expect(new Set(outcomes)).toEqual(new Set(['started']));
  await Promise.all(ids.map((id) => describeJob(`job/${name}/${id}`)));
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
});

test('stopping ends a long poll at once, and takes nothing more', async () => {
  const queue = await anSqsQueue(sqs);
  const { bridge, isReady, outcomes } = aBridge(queue.url);
  await until(isReady);
  bridge.stop();
  await bridge.done;
  expect(isReady()).toBe(false);
  await queue.send(GOLDEN_BODY);
  // The emulator may still hand it to the poll that was given up; nobody settles it.
  const { visible, inFlight } = await queue.depth();
  expect(visible + inFlight).toBe(1);
  expect(outcomes).toEqual([]);
});

test('a queue that is not there ends the bridge, and says which and why', async () => {
  const { bridge, name } = aBridge(`${servers().awsEndpoint}/000000000000/nowhere`);
  await expect(bridge.done).rejects.toThrow(new RegExp(`queue ${name}: .*/nowhere: there is no such queue, see url`));
});

test('a broker that is away is told once, and tried until it answers', async () => {
  const queue = await anSqsQueue(sqs);
  const proxy = await aProxy(new URL(servers().awsEndpoint).host);
  await proxy.cut();
  const { settled, outcomes, log, isReady } = aBridge(queue.url, { endpoint: `http://${proxy.host}:${proxy.port}` });
  await until(() => log.events.length > 0);
  expect(log.events).toMatchObject([
    { level: 'warn', message: 'SQS queue unreachable, trying again until it answers' },
  ]);
  expect(isReady()).toBe(false);
  await queue.send(GOLDEN_BODY);
  await proxy.mend();
  await settled(1);
  expect(outcomes).toEqual(['started']);
  expect(log.events.filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('while the engine is away a message stays in hand or in the queue, and is started when it is back', async () => {
  const queue = await anSqsQueue(sqs);
  const proxy = await aProxy(servers().temporalAddress);
  const connection = await Connection.connect({ address: `${proxy.host}:${proxy.port}` });
  const client = new Client({ connection, namespace: engine.namespace });
  const { name, settled, outcomes, isReady, log } = aBridge(queue.url, { client });
  await until(isReady);
  await proxy.cut();
  const messageId = await queue.send(GOLDEN_BODY);
  await until(() => !isReady());
  expect(log.events).toContainEqual(
    expect.objectContaining({ level: 'warn', message: expect.stringContaining('Intake waits') }),
  );
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 1 });
  await proxy.mend();
  await settled(1);
  await until(isReady);
  expect(outcomes).toEqual(['started']);
  await describeJob(`job/${name}/${messageId}`);
  await connection.close();
});

test('a bridge that stops while the engine is away gives its message back at once', async () => {
  const queue = await anSqsQueue(sqs);
  const proxy = await aProxy(servers().temporalAddress);
  const connection = await Connection.connect({ address: `${proxy.host}:${proxy.port}` });
  const client = new Client({ connection, namespace: engine.namespace });
  const { bridge, outcomes, isReady } = aBridge(queue.url, { client });
  await until(isReady);
  await proxy.cut();
  await queue.send(GOLDEN_BODY);
  await until(() => !isReady());
  bridge.stop();
  await bridge.done;
  expect(outcomes).toEqual(['unavailable']);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 1 }));
  expect(Messages).toHaveLength(1);
  await connection.close();
});

test('a namespace that nobody prepared takes nothing in, and loses nothing', async () => {
  const queue = await anSqsQueue(sqs);
  const client = new Client({ connection: engine.connection, namespace: `none-${randomUUID()}` });
  const { log, isReady } = aBridge(queue.url, { client });
  await queue.send(GOLDEN_BODY);
  await until(() => log.events.some(({ message }) => message.startsWith('Intake waits')));
  expect(isReady()).toBe(false);
  expect(await queue.depth()).toEqual({ visible: 1, inFlight: 0 });
});
