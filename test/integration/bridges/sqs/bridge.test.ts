import { createHash, randomUUID } from 'node:crypto';

import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { Client, Connection } from '@temporalio/client';

import { aFaultySqs } from '../../../support/a-faulty-sqs.ts';
import { aBody, GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anSqsBridge, type SqsBridgeChanges } from '../../../support/an-sqs-bridge.ts';
import { anSqsClient, anSqsQueue, text } from '../../../support/an-sqs-queue.ts';
import { aProxy } from '../../../support/a-proxy.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

const sqs = anSqsClient();
/** A bridge of this queue, under a name of its own; stopped after the test file. */
const aBridge = (url: string, { client = engine.client, ...changes }: BridgeChanges = {}) =>
  anSqsBridge(client, url, changes);

interface BridgeChanges extends SqsBridgeChanges {
  client?: Client;
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

/** SQS hands out several messages of a group at once, the emulator one: a batch as SQS gives it. */
async function aFifoBatch(...ids: string[]) {
  const queue = await anSqsQueue(sqs, { FifoQueue: 'true' }, '.fifo');
  const faulty = await aFaultySqs();
  const messages = ids.map((id) => ({
    MessageId: id,
    ReceiptHandle: id,
    Body: GOLDEN_BODY,
    MD5OfBody: createHash('md5').update(GOLDEN_BODY).digest('hex'),
    Attributes: { MessageGroupId: id.charAt(0) },
  }));
  let isReceived = false;
  const settled: Record<string, string[]> = { DeleteMessageBatch: [], ChangeMessageVisibilityBatch: [] };
  faulty.answers(({ action, body }) => {
    const entries = body['Entries'] as { Id: string; ReceiptHandle: string; VisibilityTimeout?: number }[];
    if (action in settled) {
      // One that is held for long is hidden anew, which settles nothing.
      const given = entries.filter(({ VisibilityTimeout = 0 }) => VisibilityTimeout === 0);
      settled[action]?.push(...given.map(({ ReceiptHandle }) => ReceiptHandle));
      return { status: 200, body: { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] } };
    }
    if (action !== 'ReceiveMessage' || isReceived) return undefined;
    isReceived = true;
    return { status: 200, body: { Messages: messages } };
  });
  return { url: queue.url, endpoint: faulty.endpoint, deleted: settled['DeleteMessageBatch'], settled };
}

test('a FIFO queue: the jobs of a group start in its order, those of other groups do not wait', async () => {
  const { url, endpoint, deleted } = await aFifoBatch('a-1', 'a-2', 'a-3', 'b-1');
  const started: (string | null)[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { settled } = aBridge(url, {
    endpoint,
    judge: (judge) => async (message, signal) => {
      // The first of a group is slow.
      if (message.messageId === 'a-1') await held;
      const verdict = await judge(message, signal);
      started.push(message.messageId);
      if (message.messageId === 'b-1') release();
      return verdict;
    },
  });
  await settled(4);
  expect(started).toEqual(['b-1', 'a-1', 'a-2', 'a-3']);
  expect(deleted).toEqual(started);
});

test('a FIFO queue: when a job cannot be started, those behind it in its group go back too, unseen', async () => {
  const { url, endpoint, settled: calls } = await aFifoBatch('a-1', 'a-2', 'a-3', 'b-1');
  const judged: (string | null)[] = [];
  const { settled } = aBridge(url, {
    endpoint,
    judge: (judge) => async (message, signal) => {
      judged.push(message.messageId);
      return message.messageId === 'a-1' ? { outcome: 'unavailable', reason: 'away' } : judge(message, signal);
    },
  });
  await settled(4);
  expect(judged).toEqual(['a-1', 'b-1']);
  expect(calls).toEqual({ DeleteMessageBatch: ['b-1'], ChangeMessageVisibilityBatch: ['a-1', 'a-2', 'a-3'] });
});

test('a bridge that stops takes in what its open poll still brings, and asks for nothing more', async () => {
  const queue = await anSqsQueue(sqs);
  const { endpoint, calls } = await aFaultySqs();
  const { bridge, isReady, outcomes } = aBridge(queue.url, { endpoint });
  await until(() => calls.some(({ action }) => action === 'ReceiveMessage'));
  bridge.stop();
  await queue.send(GOLDEN_BODY);
  await bridge.done;
  expect(isReady()).toBe(false);
  await queue.send(GOLDEN_BODY);
  expect(outcomes).toEqual(['started']);
  expect(await queue.depth()).toEqual({ visible: 1, inFlight: 0 });
});

test('what a stopping bridge cannot finish within drain_timeout is seen again at once', async () => {
  const queue = await anSqsQueue(sqs);
  let judging = 0;
  const { bridge, outcomes } = aBridge(queue.url, {
    drainTimeoutMs: 100,
    judge: () => () => {
      judging += 1;
      return new Promise(() => undefined);
    },
  });
  await queue.send(GOLDEN_BODY);
  await until(() => judging === 1);
  bridge.stop();
  await until(() => outcomes.length === 1);
  expect(outcomes).toEqual(['unavailable']);
  expect(await queue.depth()).toEqual({ visible: 1, inFlight: 0 });
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
  expect(await queue.depth()).toEqual({ visible: 1, inFlight: 0 });
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
