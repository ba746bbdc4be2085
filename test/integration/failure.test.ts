import { SendMessageCommand } from '@aws-sdk/client-sqs';

import { aFarm, type Farm } from '../support/a-farm.ts';
import { anSqsQueue, text } from '../support/an-sqs-queue.ts';
import { killAll, startDqm } from '../support/dqm-process.ts';
import { until } from '../support/until.ts';

let farm: Farm;

beforeAll(async () => {
  farm = await aFarm();
});

afterEach(killAll);
afterAll(() => farm?.close());

const postsOf = (state: string) =>
  farm.posts.filter(({ body }) => (JSON.parse(String(body)) as { state: string }).state === state);

const send = (MessageBody: string) =>
  farm.sqs.send(
    new SendMessageCommand({ QueueUrl: farm.sqsUrl, MessageBody, MessageAttributes: { origin: text('shop') } }),
  );

test('a job that fails and a message that is rejected are found in the dead-letter queue, and told of', async () => {
  const dead = await anSqsQueue(farm.sqs);
  const config = farm.config('failure.conf', {
    listenQueue: 'renders',
    deadLetterUrl: dead.url,
    dqm: [`failure_webhook ${farm.postbackUrl}failures`, 'signing_secret hush', 'command_attempts 1'],
  });
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');

  const body = JSON.stringify({ command: 'fault', parameters: { kind: 'error_code', message: 'no such scene' } });
  await send(body);
  const [failed] = await until(() => (postsOf('failed').length > 0 ? postsOf('failed') : undefined));
  const letter = await dead.receive();
  expect(letter.Body).toBe(body);
  expect(letter.MessageAttributes).toMatchObject({ origin: text('shop'), dqm_error_type: text('CommandFailed') });
  const jobId = letter.MessageAttributes?.['dqm_job_id']?.StringValue;
  expect(JSON.parse(String(failed?.body))).toMatchObject({
    job_id: jobId,
    workflow_id: `job/renders/${jobId}`,
    command: 'fault',
    ended: expect.any(String) as string,
    error: { type: 'CommandFailed', message: expect.stringContaining('no such scene') as string },
  });
  expect(failed?.headers).toMatchObject({
    'x-dqm-signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/) as string,
  });

  await send('not JSON');
  const [rejected] = await until(() => (postsOf('rejected').length > 0 ? postsOf('rejected') : undefined));
  expect(JSON.parse(String(rejected?.body))).toMatchObject({
    queue: 'renders',
    workflow_id: null,
    error: { type: 'BadMessage', message: 'body: is not JSON' },
  });
  expect(await up.stop()).toBe(0);
});
