import { createHash, randomUUID } from 'node:crypto';

import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { workflowIdFor } from '../../lib/contract/ids.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { killAll, startDqm } from '../support/dqm-process.ts';
import { describeWithAmqp, servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

let farm: Farm;

beforeAll(async () => {
  farm = await aFarm();
});

afterAll(() => farm?.close());

/** Numbers that no JSON library gives back, an order that none keeps, and a name that stands twice. */
const PARAMETERS =
  '{"2":"two","1":"one","big":9007199254740993,"five":5.0,"zero":-0,"huge":1e400,"scene":"a","scene":"chair.mi","width":64}';

/** As any producer writes it: nothing but documented fields. */
const documented = (command: string, parameters: string): string =>
  `{ "command": "${command}",\n  "parameters": ${parameters},\n  "tasks": [
    { "name": "s3_upload", "config": { "bucket": "${farm.bucket}", "key": "chairs/\${message_id}.\${mime_ext}" } },
    { "name": "http_post", "config": { "postback_uri": "${farm.postbackUrl}store/\${message_id}.\${mime_ext}" } } ] }`;

async function sendSqs(body: string): Promise<string> {
  const { MessageId = '' } = await farm.sqs.send(new SendMessageCommand({ QueueUrl: farm.sqsUrl, MessageBody: body }));
  return MessageId;
}

async function sendAmqp(body: string): Promise<string> {
  const connection = await connect(servers().amqpUrl ?? '');
  const channel = await connection.createConfirmChannel();
  const messageId = randomUUID();
  channel.sendToQueue(farm.amqpQueue, Buffer.from(body), { messageId, persistent: true });
  await channel.waitForConfirms();
  await connection.close();
  return messageId;
}

const completed = (queue: string, messageId: string) =>
  until(async () => {
    const job = await showJob(farm.engine.client, workflowIdFor(queue, messageId), {
      uiUrl: null,
      namespace: farm.engine.namespace,
    }).catch(() => undefined);
    if (job?.state === 'failed') throw new Error(`the job failed: ${JSON.stringify(job)}`);
    return job?.state === 'completed' && job;
  });

/** All parts of dqm on one queue. */
const startUp = async (queue: string): Promise<void> => {
  const config = farm.config(`${queue}.conf`, { listenQueue: queue, data: `data-${queue}` });
  await startDqm(['up', '--config', config]).said('Up');
};

/** The same bytes at both ends. */
async function expectDelivery(queue: string, send: (body: string) => Promise<string>): Promise<void> {
  const messageId = await send(documented('render_product', '{ "scene": "chair.mi", "width": 64 }'));
  const job = await completed(queue, messageId);
  const { bytes, contentType } = await farm.object(`chairs/${messageId}.png`);
  expect(contentType).toBe('image/png');
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(job.result?.sha256);
  const post = farm.posts.find(({ path }) => path === `/store/${messageId}.png`);
  expect(post?.body.equals(bytes)).toBe(true);
  expect(post?.headers['content-type']).toBe('image/png');
  expect(job.host).toBe('gpu-01');
}

async function expectExactText(queue: string, send: (body: string) => Promise<string>): Promise<void> {
  const messageId = await send(documented('echo', PARAMETERS));
  await completed(queue, messageId);
  const [call] = (await farm.calls('echo')).slice(-1);
  expect(call?.body).toContain(PARAMETERS);
  const { bytes, contentType } = await farm.object(`chairs/${messageId}.json`);
  expect(contentType).toBe('application/json');
  expect(bytes.toString()).toBe(PARAMETERS);
}

describe('over SQS', () => {
  beforeAll(() => startUp('renders'));
  afterAll(killAll);

  test('a documented message ends as the same bytes in S3 and at the web server', () =>
    expectDelivery('renders', sendSqs));
  test('parameters reach RealityServer as the text they were', () => expectExactText('renders', sendSqs));

  test('where the job worker is in the same process, it gets the first step of a job with the start', async () => {
    const job = await completed('renders', await sendSqs(documented('echo', '{}')));
    const { events } = await farm.engine.client.workflow.getHandle(job.workflow_id).fetchHistory();
    expect(events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted).toBe(true);
  });
});

describeWithAmqp('over AMQP', () => {
  beforeAll(() => startUp('nightly'));
  afterAll(killAll);

  test('a documented message ends as the same bytes in S3 and at the web server', () =>
    expectDelivery('nightly', sendAmqp));
  test('parameters reach RealityServer as the text they were', () => expectExactText('nightly', sendAmqp));
});
