import { aFolder, dqm, killAll, startDqm } from '../../support/dqm-process.ts';
import { aBroker, type TestBroker } from '../../support/an-amqp-queue.ts';
import { anSqsClient, anSqsQueue } from '../../support/an-sqs-queue.ts';
import { checkJsonLines } from '../../support/json-lines.ts';
import { describeWithAmqp, servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

const folder = aFolder();
const sqs = anSqsClient();
afterEach(killAll);
afterAll(() => folder.remove());

const GOOD = '{"command":"echo"}';
const BAD = '{"command":"format_disk"}';

/** A configuration with a queue named `waiting`, and another to listen to. */
const config = (section: 'aws' | 'amqp', lines: string[], listenQueue = 'local'): string =>
  folder.file(
    'look.conf',
    `<user queue_manager>
allow_command echo
listen_queue ${listenQueue}
</user>
<user aws>
region eu-west-1
endpoint ${servers().awsEndpoint}
access_key_id test
secret_access_key test
</user>
<user ${section}>
<user queue>
name waiting
${lines.join('\n')}
</user>
</user>
<user dqm>
realityserver_url http://127.0.0.1:9/
temporal_address 127.0.0.1:9
<user queue>
name local
</user>
</user>
`,
  );

const look = (file: string, limit: number, ...more: string[]) =>
  dqm(['check', '--config', file, '--queue', 'waiting', '--limit', String(limit), ...more]);

const verdicts = (stdout: string): { outcome: string }[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { outcome: string });

const redrive = (deadArn: string, maxReceiveCount: number) => ({
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount }),
});

test('waiting messages of SQS are judged, and are all there afterwards', async () => {
  const queue = await anSqsQueue(sqs);
  const ids = [];
  for (const body of [GOOD, BAD, '{"command":"echo","dqm":{"priority":"high"}}']) ids.push(await queue.send(body));
  const file = config('aws', [`url ${queue.url}`]);
  const { exitCode, stdout } = await look(file, 10, '--json');
  expect(exitCode).toBe(1);
  expect(verdicts(stdout)).toEqual([
    { message_id: ids[0], outcome: 'accepted', error: null, remark: null },
    {
      message_id: ids[1],
      outcome: 'rejected',
      error: { type: 'CommandNotAllowed', message: expect.stringContaining('format_disk') as string },
      remark: null,
    },
    {
      message_id: ids[2],
      outcome: 'accepted',
      error: null,
      remark: expect.stringContaining('max_waiting_jobs') as string,
    },
  ]);
  expect(await queue.depth()).toEqual({ visible: 3, inFlight: 0 });
  const { stdout: page } = await look(file, 2);
  expect(page).toContain('Looked at 2 waiting messages, 1 would be rejected; all are still there.');
});

test('a queue of SQS that dead-letters soon is not looked at without --force', async () => {
  const dead = await anSqsQueue(sqs);
  const queue = await anSqsQueue(sqs, redrive(dead.arn, 4));
  await queue.send(GOOD);
  const file = config('aws', [`url ${queue.url}`]);
  const refused = await look(file, 10);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain('its maxReceiveCount of 4 is under 5; raise it, or --force');
  expect((await look(file, 10, '--force')).exitCode).toBe(0);
});

test('a look stops at the first message that two more deliveries would dead-letter', async () => {
  const dead = await anSqsQueue(sqs);
  const queue = await anSqsQueue(sqs, redrive(dead.arn, 5));
  const file = config('aws', [`url ${queue.url}`]);
  await queue.send(GOOD);
  await queue.send(GOOD);
  for (let delivery = 1; delivery <= 2; delivery += 1) expect((await look(file, 10)).stdout).not.toContain('Stopped');
  const { stdout } = await look(file, 10);
  expect(stdout).toMatch(/Stopped there: message \S+ was received 3 times, and 5 send it/);
  // The one behind it keeps its deliveries.
  expect(stdout).toContain('Looked at 1 waiting messages');
  expect(await queue.depth()).toEqual({ visible: 2, inFlight: 0 });
});

test.each([
  ['--limit without a queue', ['--limit', '5'], 'say of which queue with --queue NAME'],
  ['a limit that is none', ['--queue', 'waiting', '--limit', '0'], 'a whole number from 1 to 1000 is needed'],
  [
    'files and a limit',
    ['job.json', '--queue', 'waiting', '--limit', '5'],
    'either message files, or waiting messages',
  ],
  ['--force alone', ['--force'], '--force is for a look at waiting messages'],
  ['a queue without a broker', ['--queue', 'local', '--limit', '5'], 'queue local has no broker'],
])('%s is a usage error', async (_name, args, message) => {
  const { exitCode, stderr } = await dqm(['check', '--config', config('aws', ['url http://127.0.0.1:9/1/q']), ...args]);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(2);
});

test('a dry run tells what copies would become, without an engine, and deletes them', async () => {
  const queue = await anSqsQueue(sqs);
  const ids = [await queue.send(GOOD), await queue.send(BAD)];
  const bridge = startDqm([
    'bridge',
    '--dry-run',
    '--queue',
    'waiting',
    '--config',
    config('aws', [`url ${queue.url}`]),
  ]);
  await until(async () => (await queue.depth()).visible === 0 && (await queue.depth()).inFlight === 0);
  expect(await bridge.stop()).toBe(0);
  expect(bridge.output()).toContain(`${ids[0]}: would be accepted\n`);
  expect(bridge.output()).toContain(`${ids[1]}: would be rejected, CommandNotAllowed: `);
  expect(bridge.output()).toContain('1 would be accepted, 1 rejected\n');
});

test('a dry run refuses the queue that jobs come from', async () => {
  const file = config('aws', ['url http://127.0.0.1:9/1/q'], 'waiting');
  const { exitCode, stderr } = await dqm(['bridge', '--dry-run', '--queue', 'waiting', '--config', file]);
  expect(stderr).toContain('--dry-run deletes what it has judged');
  expect(exitCode).toBe(2);
});

describeWithAmqp('AMQP', () => {
  let broker: TestBroker;
  beforeAll(async () => (broker = await aBroker()));
  afterAll(() => broker.close());

  /** What a process has let go of comes back a moment after its end. */
  const holds = (queue: string, count: number) => until(async () => (await broker.look(queue)).messageCount === count);
  const lines = (queue: string): string[] => [`url ${servers().amqpUrl}`, `queue ${queue}`];

  test('waiting messages of a classic queue are judged, and are all there afterwards, in their order', async () => {
    const queue = await broker.queue({ durable: true });
    for (const [index, body] of [GOOD, BAD, GOOD].entries())
      await broker.send(queue, body, { messageId: `m-${index}` });
    const { exitCode, stdout } = await look(config('amqp', lines(queue)), 2, '--json');
    expect(exitCode).toBe(1);
    expect(verdicts(stdout)).toMatchObject([
      { message_id: 'm-0', outcome: 'accepted' },
      { message_id: 'm-1', outcome: 'rejected' },
    ]);
    await holds(queue, 3);
    expect((await broker.receive(queue)).properties.messageId).toBe('m-0');
  });

  test('a quorum queue is looked at with --force or declare on, and only so', async () => {
    const queue = await broker.queue();
    await broker.send(queue, GOOD);
    const refused = await look(config('amqp', lines(queue)), 2);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('a look counts as a delivery');
    expect((await look(config('amqp', lines(queue)), 2, '--force')).exitCode).toBe(0);
    expect((await look(config('amqp', [...lines(queue), 'declare on']), 2)).exitCode).toBe(0);
    await holds(queue, 1);
  });

  test('a classic queue with dead-letter arguments of its own is looked at like one without, and dead-letters nothing', async () => {
    const dead = await broker.queue({ durable: true });
    const queue = await broker.queue({
      durable: true,
      deadLetterExchange: '',
      deadLetterRoutingKey: dead,
      messageTtl: 3_600_000,
    });
    await broker.send(queue, GOOD);
    for (let looks = 0; looks < 4; looks += 1) expect((await look(config('amqp', lines(queue)), 2)).exitCode).toBe(0);
    expect(await broker.look(queue)).toMatchObject({ messageCount: 1 });
    expect(await broker.look(dead)).toMatchObject({ messageCount: 0 });
  });

  const limited = async (deliveryLimit: number) => {
    const dead = await broker.queue({ durable: true });
    const args = { 'x-queue-type': 'quorum', 'x-delivery-limit': deliveryLimit };
    const queue = await broker.queue({
      durable: true,
      arguments: args,
      deadLetterExchange: '',
      deadLetterRoutingKey: dead,
    });
    await broker.send(queue, GOOD);
    return { dead, queue, file: config('amqp', [...lines(queue), 'declare on']) };
  };

  test('a quorum queue with a low delivery limit of its own is not looked at without --force, declare on or not', async () => {
    const { queue, file } = await limited(4);
    const refused = await look(file, 2);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(`the x-delivery-limit of ${queue}, 4, is under 5; --force`);
    expect((await look(file, 2, '--force')).exitCode).toBe(0);
  });

  test("a look stops at the first message that two more deliveries would bring to its quorum queue's own limit", async () => {
    const { dead, queue, file } = await limited(5);
    for (let delivery = 1; delivery <= 2; delivery += 1) expect((await look(file, 2)).stdout).not.toContain('Stopped');
    expect((await look(file, 2)).stdout).toContain("was delivered 3 times, and 5 may be the queue's limit");
    expect(await broker.look(queue)).toMatchObject({ messageCount: 1 });
    expect(await broker.look(dead)).toMatchObject({ messageCount: 0 });
  });

  test('a dry run acknowledges the copies of an AMQP queue', async () => {
    const queue = await broker.queue();
    await broker.send(queue, BAD, { messageId: 'copy-1' });
    const file = config('amqp', lines(queue));
    const bridge = startDqm(['bridge', '--dry-run', '--queue', 'waiting', '--json', '--config', file]);
    await until(() => bridge.output().includes('copy-1'));
    expect(await bridge.stop()).toBe(0);
    expect(checkJsonLines('bridge', bridge.output())).toMatchObject([{ message_id: 'copy-1', outcome: 'rejected' }]);
    await holds(queue, 0);
  });
});
