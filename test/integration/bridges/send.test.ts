import type { QueueConfig } from '../../../lib/config/config.ts';
import { send, type SubmitAttributes, type Submitted } from '../../../bridges/send.ts';
import { aBody, GOLDEN_BODY } from '../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { anAmqpConfig } from '../../support/an-amqp-config.ts';
import { aBroker } from '../../support/an-amqp-queue.ts';
import { anIntake } from '../../support/an-intake.ts';
import { anSqsClient, anSqsQueue, text } from '../../support/an-sqs-queue.ts';
import { describeWithAmqp } from '../../support/servers.ts';

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

const sqs = anSqsClient();

/** Sends these, and gives what was said of each. */
async function sent(
  queue: QueueConfig,
  submissions: { body: string; jobId?: string }[],
  attributes: SubmitAttributes = {},
): Promise<Submitted[]> {
  const given = (async function* () {
    for (const { body, jobId } of submissions) yield { body: Buffer.from(body), jobId };
  })();
  const answers: Submitted[] = [];
  const deps = { sqs, intake: async () => anIntake(engine.client).intake };
  for await (const answer of send(queue, given, attributes, deps)) answers.push(answer);
  return answers;
}

const anSqs = (url: string): QueueConfig => ({
  kind: 'sqs',
  name: 'renders',
  url,
  acknowledge: 'on_start',
  maxWaitingJobs: 'unlimited',
});

test('SQS: the body and the attributes, under the id that SQS gives it', async () => {
  const queue = await anSqsQueue(sqs);
  const [answer] = await sent(anSqs(queue.url), [{ body: GOLDEN_BODY }], { dqm_tenant: 'acme', dqm_priority: 'high' });
  const message = await queue.receive();
  expect(message).toMatchObject({
    MessageId: answer?.messageId,
    Body: GOLDEN_BODY,
    MessageAttributes: { dqm_tenant: text('acme'), dqm_priority: text('high') },
  });
  expect(answer?.jobId).toBe(answer?.messageId);
});

test("the job's id is the body's, else the one given beside it", async () => {
  const queue = await anSqsQueue(sqs);
  const submissions = [
    { body: JSON.stringify(aBody({ dqm: { job_id: 'inner' } })), jobId: 'inner' },
    { body: GOLDEN_BODY },
  ];
  const answers = await sent(anSqs(queue.url), submissions, { dqm_job_id: 'outer' });
  expect(answers.map(({ jobId }) => jobId)).toEqual(['inner', 'outer']);
});

test('SQS: a FIFO queue takes two jobs of one content', async () => {
  const queue = await anSqsQueue(sqs, { FifoQueue: 'true' }, '.fifo');
  await sent(anSqs(queue.url), [{ body: GOLDEN_BODY }, { body: GOLDEN_BODY }]);
  expect(await queue.depth()).toMatchObject({ visible: 2 });
});

test('a queue without a broker starts the job, or says why not', async () => {
  const queue: QueueConfig = { kind: 'direct', name: 'local' };
  const [answer] = await sent(queue, [{ body: GOLDEN_BODY }], { dqm_job_id: 'chair-1' });
  expect(answer?.jobId).toBe('chair-1');
  const { memo } = await engine.client.workflow.getHandle('job/local/chair-1').describe();
  expect(memo).toMatchObject({ message_id: answer?.messageId });
  await expect(sent(queue, [{ body: '{}' }])).rejects.toThrow('BadMessage: command: is required');
});

describeWithAmqp('AMQP', () => {
  test('a persistent message with a fresh id, confirmed by the broker', async () => {
    const broker = await aBroker();
    const queue = await broker.queue();
    const submissions = Array.from({ length: 20 }, () => ({ body: GOLDEN_BODY }));
    const answers = await sent(anAmqpConfig(queue), submissions, { dqm_job_id: 'chair-1' });
    const { content, properties } = await broker.receive(queue);
    expect(content.toString()).toBe(GOLDEN_BODY);
    expect(properties).toMatchObject({
      messageId: answers[0]?.messageId,
      deliveryMode: 2,
      contentType: 'application/json',
      headers: { dqm_job_id: 'chair-1' },
    });
    expect(new Set(answers.map(({ messageId }) => messageId)).size).toBe(20);
    await broker.close();
  });

  test('a queue or an exchange that is not there is an error, not silence', async () => {
    await expect(sent(anAmqpConfig('nowhere', { name: 'nightly' }), [{ body: GOLDEN_BODY }])).rejects.toThrow(
      'queue nightly: not sent: nothing takes it: no queue nowhere',
    );
    const exchange = { exchange: 'nowhere', routingKey: 'x' };
    await expect(sent(anAmqpConfig('any', exchange), [{ body: GOLDEN_BODY }])).rejects.toThrow("no exchange 'nowhere'");
  });
});
