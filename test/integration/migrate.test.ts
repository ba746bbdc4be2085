import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { listJobs } from '../../lib/jobs/list.ts';
import { aFarm, AWS, type Farm } from '../support/a-farm.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../support/dqm-process.ts';
import { aBroker } from '../support/an-amqp-queue.ts';
import { anSqsClient, anSqsQueue } from '../support/an-sqs-queue.ts';
import { describeWithAmqp, servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/migrate.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)\\n\`\`\`$`, 'gm'))].map(([, text = '']) => text);
const commands = blocks('sh').flatMap((block) => block.split('\n'));

let farm: Farm;
beforeAll(async () => {
  farm = await aFarm();
});
afterEach(killAll);
afterAll(() => farm?.close());

const sqs = anSqsClient();
const BODY = '{"command":"render_product","parameters":{"scene":"chair.mi","width":64}}';

/** Engine, RealityServer and SQS of this test in the place of the page's. */
const placed = (text: string, queues: Record<string, string>): string =>
  Object.entries(queues)
    .reduce((all, [name, url]) => all.replace(new RegExp(`url \\S+/${name}\\n`), `url ${url}\n`), text)
    .replace(
      'region eu-west-1\n',
      `region ${AWS.region}\nendpoint ${servers().awsEndpoint}\naccess_key_id test\nsecret_access_key test\n`,
    )
    .replace(
      /realityserver_url .*/,
      `realityserver_url ${farm.simulator.url}\ntemporal_address ${servers().temporalAddress}\ntemporal_namespace ${farm.engine.namespace}\ndata_folder data\nmetrics_address 127.0.0.1:0`,
    );

test("the page's files and commands lead from the first look to the way back", async () => {
  const queue = await anSqsQueue(sqs);
  const copy = await anSqsQueue(sqs);
  const canary = await anSqsQueue(sqs);
  for (const [, name = '', text = ''] of page.matchAll(/^```conf (\S+)\n([^]*?\n)```$/gm)) {
    const urls = { 'render-jobs': queue.url, 'render-jobs-copy': copy.url, 'render-jobs-canary': canary.url };
    farm.folder.file(name, placed(text, urls));
  }
  farm.folder.file('job.json', BODY);
  await queue.send(BODY);
  await copy.send(BODY);

  const running: DqmProcess[] = [];
  const stopped: (number | null)[] = [];
  for (const command of commands.filter((line) => line.startsWith('dqm '))) {
    const args = command.split(' ').slice(1);
    if (args[0] === 'bridge' || args[0] === 'up') {
      for (const before of running.splice(0)) stopped.push(await before.stop());
      const started = startDqm(args, {}, farm.folder.path);
      running.push(started);
      if (args[0] === 'up') await started.said('Up');
      else await until(() => started.output().includes('would be accepted'));
      continue;
    }
    const { exitCode, stderr } = await dqm(args, { cwd: farm.folder.path });
    expect(`${command}: ${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe(`${command}: 0 `);
  }
  expect(stopped).toEqual([0, 0]);
  // What waited in the queue was looked at, and is a job since the switch.
  await until(async () => {
    const jobs = await listJobs(farm.engine.client, { queue: 'renders', limit: 10 });
    return jobs[0]?.state === 'completed';
  });
  expect(await copy.depth()).toEqual({ visible: 0, inFlight: 0 });
});

describe('two listeners on one queue', () => {
  const MESSAGES = 40;
  const ECHO = '{"command":"echo","parameters":{}}';

  /** As RealityServer's listener was inferred to work: takes one, runs its command, then deletes it. */
  const render = (body: string): Promise<unknown> => {
    const { command, parameters } = JSON.parse(body) as { command: string; parameters: unknown };
    return farm.simulate(command, parameters);
  };

  /** Of those that were sent, the ones that are jobs. */
  const ourIds = async (queue: string, sent: readonly string[]): Promise<string[]> => {
    const jobs = await listJobs(farm.engine.client, { queue, limit: 1_000 });
    return jobs.map(({ message_id }) => message_id ?? '').filter((id) => sent.includes(id));
  };

  /** Each message was given to one of them, and both were given some. */
  async function expectShared(queue: string, sent: readonly string[], theirs: readonly string[]): Promise<void> {
    const ours = await until(async () => {
      const ids = await ourIds(queue, sent);
      return ids.length + theirs.length >= sent.length && ids;
    });
    expect([...ours, ...theirs].sort()).toEqual([...sent].sort());
    expect(Math.min(ours.length, theirs.length)).toBeGreaterThan(0);
  }

  test('SQS', async () => {
    const config = farm.config('shared-sqs.conf', { listenQueue: 'renders' });
    const sent: string[] = [];
    const theirs: string[] = [];
    const QueueUrl = farm.sqsUrl;
    const takeOne = async (): Promise<void> => {
      const { Messages = [] } = await farm.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      for (const { Body = '', MessageId = '', ReceiptHandle } of Messages) {
        await render(Body);
        await farm.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        theirs.push(MessageId);
      }
    };
    await startDqm(['bridge', '--config', config]).said('Bridge started');
    const producer = aProducer(QueueUrl);
    const isShared = async () => theirs.length > 0 && (await ourIds('renders', sent)).length > 0;
    while (sent.length < MESSAGES || !(await isShared())) {
      sent.push(await producer());
      await takeOne();
    }
    await expectShared('renders', sent, theirs);
  });

  const aProducer = (url: string) => async (): Promise<string> => {
    return (await farm.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: ECHO }))).MessageId ?? '';
  };

  describeWithAmqp('AMQP', () => {
    test('AMQP', async () => {
      const broker = await aBroker();
      const config = farm.config('shared-amqp.conf', { listenQueue: 'nightly' });
      await startDqm(['bridge', '--config', config]).said('Bridge started');
      const theirs: string[] = [];
      const connection = await connect(servers().amqpUrl ?? '');
      const channel = await connection.createChannel();
      await channel.prefetch(1);
      await channel.consume(farm.amqpQueue, (message) => {
        if (!message) return;
        void render(message.content.toString()).then(() => {
          channel.ack(message);
          theirs.push(String(message.properties.messageId));
        });
      });
      // It hands messages out in turn, once both are there.
      await until(async () => (await broker.look(farm.amqpQueue)).consumerCount === 2);
      const sent = Array.from({ length: MESSAGES }, () => randomUUID());
      for (const messageId of sent) await broker.send(farm.amqpQueue, ECHO, { messageId });
      await expectShared('nightly', sent, theirs);
      await connection.close();
      await broker.close();
    });
  });
});

test('the policy allows the calls that the code makes, and no other', () => {
  const policy = JSON.parse(blocks('json')[0] ?? '') as { Statement: { Action: string[] }[] };
  const allowed = policy.Statement.flatMap(({ Action }) => Action);
  expect(allowed.filter((action) => action.startsWith('sqs:')).sort()).toEqual(
    callsOf(['bridges'])
      .map((call) => `sqs:${call.replace(/Batch$/, '')}`)
      .filter(isFirst)
      .sort(),
  );
  const s3 = callsOf(['lib/results', 'activities/tasks']).map((call) => `s3:${S3_ACTIONS[call] ?? call}`);
  expect(allowed.filter((action) => action.startsWith('s3:')).sort()).toEqual(
    [...s3, 's3:ListBucket'].filter(isFirst).sort(),
  );
});

/** What S3 calls an action is not always the call's name; a multipart upload is a put. */
const S3_ACTIONS: Record<string, string> = {
  HeadObject: 'GetObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  ListParts: 'ListMultipartUploadParts',
  CompleteMultipartUpload: 'PutObject',
};

const isFirst = <T>(item: T, index: number, all: readonly T[]): boolean => all.indexOf(item) === index;

/** The calls of AWS's SDK in these folders. */
function callsOf(folders: readonly string[]): string[] {
  const sources = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
  );
  return sources.flatMap((source) => [...source.matchAll(/new ([A-Za-z]+)Command\(/g)].map(([, call = '']) => call));
}

describeWithAmqp('RabbitMQ', () => {
  const control = (args: string[]) =>
    promisify(execFile)('rabbitmqctl', args, {
      env: { ...process.env, PATH: `/usr/lib/rabbitmq/bin:${process.env['PATH']}`, ...servers().rabbitMqSettings },
    });

  test("a user with the page's permissions, and no other, is enough for a bridge", async () => {
    const broker = await aBroker();
    const name = `render-jobs-${randomUUID()}`;
    for (const queue of [name, `${name}-dead`]) await broker.queue({ durable: true }, queue);
    const user = `dqm-${randomUUID()}`;
    for (const line of commands.filter((line) => line.startsWith('rabbitmqctl '))) {
      const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
      await control(args.slice(1).map((arg) => (arg === 'dqm' ? user : arg.replace('render-jobs', name))));
    }
    const url = Object.assign(new URL(servers().amqpUrl ?? ''), { username: user, password: 'a long secret' }).href;
    const config = readFileSync(farm.config('least.conf'), 'utf8').replace(
      /<user amqp>[^]*?<\/user>\n<\/user>/,
      `<user amqp>\n<user queue>\nname nightly\nurl ${url}\nqueue ${name}\ndead_letter_queue ${name}-dead\nmax_waiting_jobs unlimited\n</user>\n</user>`,
    );
    const file = farm.folder.file('least-user.conf', config);
    await startDqm(['bridge', '--queue', 'nightly', '--config', file]).said('Bridge started');
    await broker.send(name, BODY, { messageId: 'good' });
    await broker.send(name, '{}', { messageId: 'bad' });
    expect((await broker.receive(`${name}-dead`)).properties.headers).toMatchObject({ dqm_message_id: 'bad' });
    await until(async () =>
      (await listJobs(farm.engine.client, { queue: 'nightly', limit: 50 })).some(
        ({ message_id }) => message_id === 'good',
      ),
    );
    await broker.close();
  });
});
