import { randomUUID } from 'node:crypto';

import { configText } from '../../support/a-config.ts';
import { GOLDEN_BODY } from '../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aProxy, type Moment, type Proxy } from '../../support/a-proxy.ts';
import { aBroker, type TestBroker } from '../../support/an-amqp-queue.ts';
import { anSqsClient, anSqsQueue } from '../../support/an-sqs-queue.ts';
import { aFolder, killAll, startDqm, type DqmProcess } from '../../support/dqm-process.ts';
import { describeWithAmqp, servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
const folder = aFolder();
const brokers: TestBroker[] = [];
afterAll(async () => {
  await killAll();
  await Promise.all(brokers.map((broker) => broker.close()));
  await engine?.close();
  folder.remove();
});

/** A queue with three jobs, or three messages that are none, and all that a bridge of it needs. */
interface Scene {
  /** The broker's: `host:port`. */
  address: string;
  /** The proxied way of the bridge's broker. */
  proxy: Proxy;
  /** In the bytes that settle a message. */
  settles: Moment['bytes'];
  /** Lines of the configuration for a bridge that takes this way to the broker: `host:port`. */
  lines(address: string): { aws?: string; amqp?: string };
  /** The broker has seen its connections go, and what was in hand there is ready again. SQS knows none. */
  afterCut(): Promise<unknown>;
  /** What the dead bridge had in hand is to be had again. */
  reappears(): Promise<unknown>;
  /** No message waits. */
  isEmpty(): Promise<boolean>;
  /** Messages that nobody has in hand. */
  waiting(): Promise<number>;
  /** `dqm_message_id` of each dead letter. */
  deadLetters(): Promise<string[]>;
}

const ids = ['m-1', 'm-2', 'm-3'];

/** Enough for what a bridge has in hand, however busy the machine is. */
const DRAIN_MS = 60_000;
const SHORT_DRAIN_MS = 1_000;
/** Beyond it, for what is given back and a machine with much to do; the SDK alone would wait for half a minute. */
const MOST_LAST_CALLS_MS = 20_000;

async function onSqs(body: string): Promise<Scene> {
  const sqs = anSqsClient();
  const [queue, dead] = [await anSqsQueue(sqs), await anSqsQueue(sqs)];
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  for (const id of ids) await queue.send(body, { dqm_job_id: text(id), dqm_message_id: text(id) });
  const address = new URL(servers().awsEndpoint).host;
  return {
    address,
    proxy: await aProxy(address),
    settles: 'AmazonSQS.DeleteMessageBatch',
    lines: (address) => ({
      aws: `endpoint http://${address}
access_key_id test
secret_access_key test
<user queue>
name renders
url ${queue.url}
dead_letter_url ${dead.url}
max_waiting_jobs unlimited
</user>`,
    }),
    afterCut: async () => undefined,
    reappears: queue.showAgain,
    isEmpty: async () => Object.values(await queue.depth()).every((count) => count === 0),
    waiting: async () => (await queue.depth()).visible,
    deadLetters: async () => {
      const { visible } = await dead.depth();
      const found: string[] = [];
      for (let left = visible; left > 0; left -= 1) {
        found.push((await dead.receive()).MessageAttributes?.['dqm_message_id']?.StringValue ?? '');
      }
      return found;
    },
  };
}

async function onAmqp(body: string): Promise<Scene> {
  const broker = await aBroker();
  brokers.push(broker);
  const [queue, dead] = [await broker.queue(), await broker.queue()];
  for (const messageId of ids) await broker.send(queue, body, { messageId });
  const url = new URL(servers().amqpUrl ?? '');
  const unconsumed = () => until(async () => (await broker.look(queue)).consumerCount === 0);
  return {
    address: url.host,
    proxy: await aProxy(url.host),
    // Class 60, method 80: basic.ack.
    settles: Buffer.of(0, 60, 0, 80),
    lines: (address) => ({
      amqp: `<user queue>
name renders
url ${Object.assign(new URL(url), { host: address }).href}
queue ${queue}
dead_letter_queue ${dead}
max_waiting_jobs unlimited
</user>`,
    }),
    afterCut: unconsumed,
    reappears: unconsumed,
    isEmpty: async () => (await broker.look(queue)).messageCount === 0,
    waiting: async () => (await broker.look(queue)).messageCount,
    deadLetters: async () => {
      const { messageCount } = await broker.look(dead);
      const letters = await Promise.all(Array.from({ length: messageCount }, () => broker.receive(dead)));
      return letters.map(({ properties }) => String(properties.headers?.['dqm_message_id']));
    },
  };
}

const addressOf = ({ host, port }: Proxy): string => `${host}:${port}`;

/** A bridge process with a queue of its own name, so that its jobs can be told. */
function aBridge(name: string, scene: Scene, broker: string, temporal: string, drainMs = DRAIN_MS) {
  const { aws = '', amqp = '' } = scene.lines(broker);
  const text = configText({
    queue_manager: `allow_command render_product\nlisten_queue ${name}`,
    aws: aws.replace('name renders', `name ${name}`),
    amqp: amqp.replace('name renders', `name ${name}`),
    dqm: `temporal_address ${temporal}
temporal_namespace ${engine.namespace}
data_folder ${folder.path}/data
metrics_address 127.0.0.1:0
drain_timeout ${drainMs}ms`,
  });
  return startDqm(['bridge', '--config', folder.file(`${randomUUID()}.conf`, text)]);
}

/** Where a bridge is stopped short. */
interface Point {
  engine: boolean;
  passes: boolean;
}

/** A bridge that has come to that point, and whose queue has a name of its own. */
async function stoppedShort(scene: Scene, at: Point, drainMs = DRAIN_MS) {
  const name = `q-${randomUUID()}`;
  const temporal = await aProxy(servers().temporalAddress);
  const held = at.engine
    ? temporal.holdAt({ bytes: `job/${name}/`, passes: at.passes })
    : scene.proxy.holdAt({ bytes: scene.settles, passes: at.passes });
  const bridge = aBridge(name, scene, addressOf(scene.proxy), addressOf(temporal), drainMs);
  await held;
  // What passed has its effect before more happens.
  if (at.engine && at.passes) await until(async () => (await jobsOf(name)).length > 0);
  return { name, bridge, proxy: at.engine ? temporal : scene.proxy };
}

/** Kills a bridge at that point, lets another one work, and gives the name of its queue. */
async function killedAt(scene: Scene, at: Point): Promise<string> {
  const { name, bridge } = await stoppedShort(scene, at);
  await bridge.stop('SIGKILL');
  await scene.reappears();
  const second = aBridge(name, scene, scene.address, servers().temporalAddress);
  await second.said('Bridge started');
  await finished(second, scene);
  return name;
}

/** Cuts its connection at that point, lets it connect again and work, and gives the name of its queue. */
async function cutAt(scene: Scene, at: Point): Promise<string> {
  const { name, bridge, proxy } = await stoppedShort(scene, at);
  await proxy.cut();
  // Before that what was in hand seems to be gone.
  if (!at.engine) await scene.afterCut();
  await proxy.mend();
  await until(async () => (await jobsOf(name)).length >= ids.length);
  await finished(bridge, scene);
  return name;
}

/** Lets it empty its queue and end: what it gave back would be there again. */
async function finished(bridge: DqmProcess, scene: Scene): Promise<void> {
  await until(scene.isEmpty);
  await bridge.stop();
  expect(await scene.isEmpty()).toBe(true);
}

/** One for each run: a job that ran twice would be here twice. */
async function jobsOf(name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of engine.client.workflow.list({ query: `DqmQueue = '${name}'` })) {
    found.push(workflowId);
  }
  return found.sort();
}

describe('a bridge of SQS', () => {
  losesNothing(onSqs);
});
describeWithAmqp('a bridge of AMQP', () => {
  losesNothing(onAmqp);
});

/** Each has a scene of its own, and mostly waits: all at once they take a fraction of the time. */
function losesNothing(onBroker: (body: string) => Promise<Scene>): void {
  describe.each([
    ['when a message is received, before its job is stored', { engine: true, passes: false }],
    ['when a job is stored, before the engine says so', { engine: true, passes: true }],
    ['when jobs are stored, before a message is settled', { engine: false, passes: false }],
    ['when messages are settled, before the broker says so', { engine: false, passes: true }],
  ])('%s', (_point, at) => {
    test.concurrent.each([
      ['is killed', killedAt],
      ['loses its connection', cutAt],
    ])('%s: nothing is lost, nothing runs twice', async (_how, disturbed) => {
      const name = await disturbed(await onBroker(GOLDEN_BODY), at);
      await until(async () => (await jobsOf(name)).length >= ids.length);
      expect(await jobsOf(name)).toEqual(ids.map((id) => `job/${name}/${id}`));
    });
  });

  test.concurrent('is killed when a dead letter is stored, before its message is settled: it is there, twice at most', async () => {
    const scene = await onBroker('{');
    const name = await killedAt(scene, { engine: false, passes: false });
    const letters = await scene.deadLetters();
    expect(new Set(letters)).toEqual(new Set(ids));
    expect(letters.length).toBeLessThanOrEqual(2 * ids.length);
    expect(await jobsOf(name)).toEqual([]);
  });

  test.concurrent('ends soon after its drain_timeout although the engine does not answer, and gives back what it has in hand', async () => {
    const scene = await onBroker(GOLDEN_BODY);
    const { bridge } = await stoppedShort(scene, { engine: true, passes: false }, SHORT_DRAIN_MS);
    expect(await scene.waiting()).toBeLessThan(ids.length);
    const askedMs = performance.now();
    expect(await bridge.stop()).toBe(0);
    expect(performance.now() - askedMs).toBeLessThan(SHORT_DRAIN_MS + MOST_LAST_CALLS_MS);
    await until(async () => (await scene.waiting()) === ids.length);
  });

  test.concurrent('ends soon when it has nothing in hand and the engine does not answer', async () => {
    const scene = await onBroker(GOLDEN_BODY);
    const engineWay = await aProxy(servers().temporalAddress);
    const bridge = aBridge(`q-${randomUUID()}`, scene, scene.address, addressOf(engineWay), SHORT_DRAIN_MS);
    await until(scene.isEmpty);
    await engineWay.holdAt({ bytes: '', passes: false });
    const askedMs = performance.now();
    expect(await bridge.stop()).toBe(0);
    expect(performance.now() - askedMs).toBeLessThan(SHORT_DRAIN_MS + MOST_LAST_CALLS_MS);
  });
}

test.concurrent('a second signal ends a bridge that is still finishing', async () => {
  const { bridge } = await stoppedShort(await onSqs(GOLDEN_BODY), { engine: true, passes: false });
  bridge.child.kill('SIGTERM');
  await bridge.said('Stopping: what is in hand is finished first, a second signal ends at once');
  expect(await bridge.stop()).toBe(143);
});
