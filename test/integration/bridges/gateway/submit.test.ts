import { randomUUID } from 'node:crypto';

import { createSubmit, type Submit } from '../../../../bridges/gateway/submit.ts';
import type { QueueConfig } from '../../../../lib/config/config.ts';
import { aBody, someRules } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { aProxy, type Proxy } from '../../../support/a-proxy.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { anIntake } from '../../../support/an-intake.ts';
import { anSqsClient, anSqsQueue } from '../../../support/an-sqs-queue.ts';
import { describeWithAmqp, servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

const opened: Submit[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

interface Changes {
  /** What the SQS client takes for SQS. */
  endpoint?: string;
  answerLimitMs?: number;
  engine?: TestNamespace;
}

function aSubmit(queue: QueueConfig, { endpoint, answerLimitMs, engine }: Changes = {}) {
  const submit = createSubmit({
    queues: new Map([[queue.name, queue]]),
    rules: someRules(),
    sqs: anSqsClient(endpoint),
    intake: async () => {
      if (!engine) throw new Error('the engine has not been reached yet');
      return anIntake(engine.client).intake;
    },
    ...(answerLimitMs !== undefined && { answerLimitMs }),
  });
  opened.push(submit);
  return (job: object) => submit.submit(JSON.stringify({ queue_name: queue.name, ...aBody(), ...job }));
}

/** Its own id is in its message and nowhere else: a broker is caught at it. */
const aJob = () => ({ dqm: { job_id: `job-${randomUUID()}` } });

interface Way {
  submit: ReturnType<typeof aSubmit>;
  proxy: Proxy;
  /** How many messages are in the queue. */
  depth(): Promise<number>;
  close(): Promise<void>;
}

async function anSqsWay(changes: Changes = {}): Promise<Way> {
  const queue = await anSqsQueue(anSqsClient());
  const proxy = await aProxy(new URL(servers().awsEndpoint).host);
  const config = { kind: 'sqs', name: 'renders', url: queue.url } as const;
  return {
    submit: aSubmit(
      { ...config, acknowledge: 'on_start', maxWaitingJobs: 'unlimited' },
      { endpoint: `http://${proxy.host}:${proxy.port}`, ...changes },
    ),
    proxy,
    depth: async () => (await queue.depth()).visible,
    close: async () => undefined,
  };
}

async function anAmqpWay(changes: Changes = {}): Promise<Way> {
  const broker: TestBroker = await aBroker();
  const queue = await broker.queue();
  const proxy = await aProxy(new URL(servers().amqpUrl ?? '').host);
  const config = { kind: 'amqp', name: 'nightly', queue, prefetch: 100, declare: false } as const;
  const urls: [string] = [`amqp://guest:guest@${proxy.host}:${proxy.port}/`];
  return {
    submit: aSubmit({ ...config, urls, tls: {}, maxWaitingJobs: 'unlimited' }, changes),
    proxy,
    depth: async () => (await broker.look(queue)).messageCount,
    close: () => broker.close(),
  };
}

const itFails = (open: (changes?: Changes) => Promise<Way>, names: RegExp): void => {
  test.each([
    ['stored the message', true],
    ['seen nothing of it', false],
  ])('a broker that dies having %s confirms nothing; the same job is sent again', async (_what, passes) => {
    const { submit, proxy, depth, close } = await open();
    const job = aJob();
    const held = proxy.holdAt({ bytes: job.dqm.job_id, passes });
    const first = submit(job).catch((error: Error) => error.message);
    await held;
    if (passes) await until(async () => (await depth()) === 1);
    await proxy.cut();
    expect(await first).toMatch(names);
    await proxy.mend();
    expect(await submit(job)).toMatchObject({ jobId: job.dqm.job_id });
    // A copy has the same job id: for intake it is a duplicate.
    await until(async () => (await depth()) === (passes ? 2 : 1));
    await close();
  });

  test('a broker that says nothing is an error in time', async () => {
    const { submit, proxy, close } = await open({ answerLimitMs: 300 });
    const job = aJob();
    const held = proxy.holdAt({ bytes: job.dqm.job_id, passes: false });
    await expect(submit(job)).rejects.toThrow('not confirmed: no answer for 0.3 s');
    await held;
    await proxy.cut();
    await close();
  });
};

describe('SQS', () => {
  itFails(anSqsWay, /^queue renders: not confirmed by SQS at http/);

  test('an answer that is lost is asked for again: the message is there twice, under one job id', async () => {
    const { submit, proxy, depth } = await anSqsWay();
    const job = aJob();
    const held = proxy.holdAt({ bytes: job.dqm.job_id, passes: true });
    const submitting = submit(job);
    await held;
    await until(async () => (await depth()) === 1);
    await proxy.cut();
    await proxy.mend();
    expect(await submitting).toMatchObject({ jobId: job.dqm.job_id });
    expect(await depth()).toBe(2);
  });
});
describeWithAmqp('AMQP', () => {
  itFails(anAmqpWay, /^queue nightly: not confirmed by RabbitMQ: /);
});

describe('without a broker', () => {
  let engine: TestNamespace;
  beforeAll(async () => (engine = await aNamespace()));
  afterAll(() => engine?.close());

  test('another job of the same id is the caller’s to mend', async () => {
    const submit = aSubmit({ kind: 'direct', name: 'local' }, { engine });
    const job = aJob();
    const { jobId } = await submit(job);
    await expect(submit({ ...job, parameters: { scene: 'table.mi' } })).rejects.toMatchObject({
      code: -32_602,
      message: `IdentityConflict: dqm.job_id: job ${jobId} of this queue exists already and came from a message with other content`,
    });
  });
});
