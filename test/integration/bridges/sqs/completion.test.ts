import { Worker } from '@temporalio/worker';

import { configText } from '../../../support/a-config.ts';
import { GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anSqsBridge, type SqsBridgeChanges } from '../../../support/an-sqs-bridge.ts';
import { anSqsClient, anSqsQueue, text, type TestQueue } from '../../../support/an-sqs-queue.ts';
import { aFolder, dqm, killAll, startDqm } from '../../../support/dqm-process.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

let engine: TestNamespace;
let worker: Worker;
let working: Promise<void>;
beforeAll(async () => {
  engine = await aNamespace();
  worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: 'dqm-jobs',
    workflowsPath: require.resolve('../../../support/ending-workflow.ts'),
  });
  working = worker.run();
});
afterAll(async () => {
  await killAll();
  worker?.shutdown();
  await working;
  await engine?.close();
});

const sqs = anSqsClient();
const inFlight = { visible: 0, inFlight: 1 };
const gone = { visible: 0, inFlight: 0 };

async function aQueue(maxReceiveCount = 5): Promise<TestQueue & { dead: TestQueue }> {
  const dead = await anSqsQueue(sqs);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount });
  return { ...(await anSqsQueue(sqs, { RedrivePolicy })), dead };
}

const aBridge = (url: string, changes: SqsBridgeChanges = {}) =>
  anSqsBridge(engine.client, url, { acknowledge: 'on_completion', pollSeconds: 1, ...changes });

const configLines = (url: string, name: string): string =>
  [
    'access_key_id test',
    'secret_access_key test',
    `endpoint ${servers().awsEndpoint}`,
    '<user queue>',
    `name ${name}`,
    `url ${url}`,
    'acknowledge on_completion',
    'max_waiting_jobs unlimited',
    '</user>',
  ].join('\n');

const job = (name: string, id: string) => engine.client.workflow.getHandle(`job/${name}/${id}`);
const isDepth = (queue: TestQueue, wanted: object) =>
  until(async () => JSON.stringify(await queue.depth()) === JSON.stringify(wanted));

test.each(['completed', 'cancelled'] as const)(
  'a message is in flight until its job is %s, then deleted',
  async (how) => {
    const queue = await aQueue();
    const { name, settled, outcomes } = aBridge(queue.url);
    const id = await queue.send(GOLDEN_BODY);
    await settled(1);
    expect(outcomes).toEqual(['started']);
    expect(await queue.depth()).toEqual(inFlight);
    if (how === 'completed') await job(name, id).signal('end', 'completed');
    else await job(name, id).cancel();
    await isDepth(queue, gone);
  },
);

test('a job that fails runs again under its id, until the RedrivePolicy ends its message', async () => {
  const queue = await aQueue(2);
  const { name, settled, outcomes } = aBridge(queue.url);
  const id = await queue.send(GOLDEN_BODY);
  await settled(1);
  const first = await job(name, id).describe();
  await job(name, id).signal('end', 'failed');
  await settled(2);
  const second = await job(name, id).describe();
  expect(second.runId).not.toBe(first.runId);
  await job(name, id).signal('end', 'failed');
  // As the broker dead-letters it: with its body, without our marks.
  const letter = await queue.dead.receive();
  expect(letter).toMatchObject({ Body: GOLDEN_BODY });
  expect(letter.MessageAttributes).toBeUndefined();
  expect(outcomes).toEqual(['started', 'started']);
});

test('a second message of an open job is attached to it, one of a completed job is deleted', async () => {
  const queue = await aQueue();
  const { name, settled, outcomes } = aBridge(queue.url);
  const send = () => queue.send(GOLDEN_BODY, { dqm_job_id: text('chair-1') });
  await send();
  await send();
  await settled(2);
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 2 });
  await job(name, 'chair-1').signal('end', 'completed');
  await isDepth(queue, gone);
  await send();
  await settled(3);
  await isDepth(queue, gone);
  // The first two come in one batch, and are told of in any order.
  expect([...outcomes].sort()).toEqual(['duplicate', 'duplicate', 'started']);
});

test('a bridge that has to end gives the message back, and the next one takes the running job up', async () => {
  const queue = await aQueue();
  const first = aBridge(queue.url, { name: 'shared', drainTimeoutMs: 200 });
  const id = await queue.send(GOLDEN_BODY);
  await first.settled(1);
  first.bridge.stop();
  await first.bridge.done;
  expect(await queue.depth()).toEqual({ visible: 1, inFlight: 0 });
  const second = aBridge(queue.url, { name: 'shared' });
  await second.settled(1);
  expect(second.outcomes).toEqual(['duplicate']);
  await job('shared', id).signal('end', 'completed');
  await isDepth(queue, gone);
});

test('a bridge that is killed in mid-job: the next one takes the job up, and nothing runs twice', async () => {
  const queue = await aQueue();
  const folder = aFolder();
  const aws = configLines(queue.url, 'killed');
  const dqmLines = `temporal_address ${servers().temporalAddress}\ntemporal_namespace ${engine.namespace}
data_folder ${folder.path}/data\nmetrics_address 127.0.0.1:0`;
  const queueManager = 'allow_command render_product\nlisten_queue killed';
  const file = folder.file('dqm.conf', configText({ aws, dqm: dqmLines, queue_manager: queueManager }));
  const id = await queue.send(GOLDEN_BODY);
  const first = startDqm(['bridge', '--config', file]);
  await first.said('Message settled');
  const { runId } = await job('killed', id).describe();
  await first.stop('SIGKILL');
  expect(await queue.depth()).toEqual(inFlight);
  await queue.showAgain();
  const second = aBridge(queue.url, { name: 'killed' });
  await second.settled(1);
  expect(second.outcomes).toEqual(['duplicate']);
  expect(await queue.depth()).toEqual(inFlight);
  expect((await job('killed', id).describe()).runId).toBe(runId);
  await job('killed', id).signal('end', 'completed');
  await isDepth(queue, gone);
  folder.remove();
});

test('a bridge that stops finishes jobs that end in time', async () => {
  const queue = await aQueue();
  const { name, bridge, settled } = aBridge(queue.url);
  const id = await queue.send(GOLDEN_BODY);
  await settled(1);
  bridge.stop();
  await job(name, id).signal('end', 'completed');
  await bridge.done;
  expect(await queue.depth()).toEqual(gone);
});

test('what is no job goes to the dead-letter queue at once', async () => {
  const queue = await aQueue();
  const { settled } = aBridge(queue.url);
  await queue.send('{');
  await settled(1);
  expect(await queue.dead.receive()).toMatchObject({ MessageAttributes: { dqm_error_type: text('BadMessage') } });
  expect(await queue.depth()).toEqual(gone);
});

test('a hundred jobs end by one question a second', async () => {
  const queue = await aQueue();
  const { name, settled } = aBridge(queue.url);
  const list = jest.spyOn(engine.client.workflow, 'list');
  const ids = await Promise.all(Array.from({ length: 100 }, () => queue.send(GOLDEN_BODY)));
  await settled(100);
  const startMs = performance.now();
  list.mockClear();
  await Promise.all(ids.map((id) => job(name, id).signal('end', 'completed')));
  await isDepth(queue, gone);
  const seconds = (performance.now() - startMs) / 1_000;
  const mine = list.mock.calls.filter(([options]) => options?.query?.includes(name));
  expect(mine.length).toBeLessThanOrEqual(seconds + 1);
});

test('a queue without a RedrivePolicy is refused at start', async () => {
  const queue = await anSqsQueue(sqs);
  const { name, bridge } = aBridge(queue.url);
  await expect(bridge.done).rejects.toThrow(
    `queue ${name}: acknowledge on_completion needs a RedrivePolicy: without one a job that fails runs again for ever`,
  );
});

test('dqm check and dqm setup refuse such a queue, too', async () => {
  const queue = await anSqsQueue(sqs);
  const folder = aFolder();
  const aws = configLines(queue.url, 'renders');
  const file = folder.file('dqm.conf', configText({ aws }));
  const refusal = 'queue renders: acknowledge on_completion needs a RedrivePolicy';
  const [check, setup] = await Promise.all([dqm(['check', '--config', file]), dqm(['setup', '--config', file])]);
  expect(check).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(refusal) });
  expect(setup).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(refusal) });
  folder.remove();
});

test('the receive count tells how often a message was taken up, failed jobs among them', async () => {
  const queue = await aQueue();
  const { name, settled, bridge } = aBridge(queue.url, { drainTimeoutMs: 0 });
  const id = await queue.send(GOLDEN_BODY);
  await settled(1);
  await job(name, id).signal('end', 'failed');
  await settled(2);
  bridge.stop();
  await bridge.done;
  expect((await queue.receive()).Attributes).toMatchObject({ ApproximateReceiveCount: '3' });
});
