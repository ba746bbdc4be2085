import { randomUUID } from 'node:crypto';

import { DeleteMessageCommand, ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';

import { deadLetters, type DeadLettersOptions } from '../../../cli/dead-letters.ts';
import type { Context } from '../../../cli/context.ts';
import type { Config } from '../../../lib/config/config.ts';
import { sha256 } from '../../../lib/contract/ids.ts';
import { JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import { DqmQueue, DqmState } from '../../../lib/contract/search-attributes.ts';
import { aConfig, configText } from '../../support/a-config.ts';
import { aJobInput } from '../../support/a-job-input.ts';
import { aJobEngine, type JobEngine } from '../../support/a-job-engine.ts';
import { aBroker, type TestBroker } from '../../support/an-amqp-queue.ts';
import { anSqsClient, anSqsQueue, text, type TestQueue } from '../../support/an-sqs-queue.ts';
import { aFolder, dqm, killAll, startDqm } from '../../support/dqm-process.ts';
import { servers } from '../../support/servers.ts';
import { silentLog } from '../../support/silent-log.ts';
import { until } from '../../support/until.ts';

const folder = aFolder();
let engine: JobEngine;

beforeAll(async () => {
  engine = await aJobEngine();
});
afterAll(async () => {
  await killAll();
  await engine?.close();
  folder.remove();
});

const asking = { isTerminal: false, ask: () => Promise.reject(new Error('asked')) };

/** What stands in a dead letter of the job `jobId`. */
const marksOf = (jobId: string, error = 'TaskUnavailable'): Record<string, string> => ({
  dqm_error_type: error,
  dqm_error: 'shop.example answered 503',
  dqm_job_id: jobId,
  dqm_message_id: `m-${jobId}`,
});

const bodyOf = (jobId: string): string => JSON.stringify({ command: 'render_product', parameters: { jobId } });

/** A job that has ended so, of the message `body`. */
async function anEndedJob(queue: string, jobId: string, end: 'completed' | 'failed', body = bodyOf(jobId)) {
  const handle = await engine.client.workflow.start(end === 'completed' ? 'dqm/rejected' : 'render_product', {
    workflowId: `job/${queue}/${jobId}`,
    taskQueue: JOBS_TASK_QUEUE,
    // Any workflow that ends soon will do: what is looked at is how it ended, and its memo.
    args: [{ ...aJobInput({ queue, jobId }), error: { type: 'none', message: '' } }],
    memo: { content_hash: sha256(body), job_id: jobId, message_id: `m-${jobId}` },
    typedSearchAttributes: [
      { key: DqmQueue, value: queue },
      { key: DqmState, value: end },
    ],
  });
  if (end === 'completed') await handle.signal('settle', { outcome: 'discarded' });
  else await handle.terminate('wrong scene');
  await handle.result().catch(() => undefined);
}

/** Runs `dqm dead-letters` of the queue `renders` and gives its JSON lines. */
async function run(config: Config, options: DeadLettersOptions = {}): Promise<Record<string, unknown>[]> {
  const printed = await engine.printed(
    (deps) => deadLetters({ queue: 'renders', ...options }, deps, { config, log: silentLog } as Context, asking),
    { json: true },
  );
  return printed
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

interface Broker {
  config: Config;
  lines: Parameters<typeof configText>[0];
  /** Puts a dead letter where dqm leaves it. */
  letter(jobId: string, error?: string): Promise<void>;
  /** The messages that are back in the queue of the jobs, taken out of it. */
  redriven(count: number): Promise<{ body: string; ids: (string | undefined)[]; error: unknown }[]>;
  /** How many lie there, in hand or not: dead letters, and those that are back. */
  depths(): Promise<{ dead: number; back: number }>;
}

async function anSqsBroker(): Promise<Broker> {
  const sqs = anSqsClient();
  const [jobs, dead] = await Promise.all([anSqsQueue(sqs), anSqsQueue(sqs)]);
  const lines = {
    aws: `endpoint ${servers().awsEndpoint}\naccess_key_id test\nsecret_access_key test\n<user queue>\nname renders\nurl ${jobs.url}\ndead_letter_url ${dead.url}\n</user>`,
  };
  return {
    lines,
    config: aConfig(lines),
    letter: async (jobId, error) => {
      const marks = Object.entries(marksOf(jobId, error)).map(([name, value]) => [name, text(value)]);
      await dead.send(bodyOf(jobId), { ...Object.fromEntries(marks), colour: text('red') });
    },
    redriven: async (count) => {
      const taken: Message[] = [];
      while (taken.length < count) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: jobs.url,
            MaxNumberOfMessages: 10,
            MessageAttributeNames: ['All'],
            WaitTimeSeconds: 1,
          }),
        );
        for (const { ReceiptHandle } of Messages)
          await sqs.send(new DeleteMessageCommand({ QueueUrl: jobs.url, ReceiptHandle }));
        taken.push(...Messages);
      }
      return taken.map(({ Body = '', MessageAttributes = {} }) => {
        const value = (name: string) => MessageAttributes[name]?.StringValue;
        return { body: Body, ids: [value('dqm_job_id'), value('colour')], error: value('dqm_error_type') };
      });
    },
    depths: async () => {
      const count = async ({ depth }: TestQueue): Promise<number> => {
        const { visible, inFlight } = await depth();
        return visible + inFlight;
      };
      return { dead: await count(dead), back: await count(jobs) };
    },
  };
}

const brokers: TestBroker[] = [];
afterAll(async () => {
  for (const broker of brokers) await broker.close();
});

async function anAmqpBroker(): Promise<Broker> {
  const broker = await aBroker();
  brokers.push(broker);
  const [jobs, dead] = [await broker.queue(), await broker.queue()];
  const lines = {
    amqp: `<user queue>\nname renders\nurl ${servers().amqpUrl ?? ''}\nqueue ${jobs}\ndead_letter_queue ${dead}\n</user>`,
  };
  return {
    lines,
    config: aConfig(lines),
    letter: (jobId, error) =>
      broker.send(dead, bodyOf(jobId), {
        messageId: `m-${jobId}~run`,
        headers: { ...marksOf(jobId, error), colour: 'red' },
      }),
    redriven: async (count) => {
      const found = [];
      for (let index = 0; index < count; index += 1) {
        const { content, properties } = await broker.receive(jobs);
        const headers = (properties.headers ?? {}) as Record<string, string | undefined>;
        found.push({
          body: content.toString(),
          ids: [headers['dqm_job_id'], headers['colour']],
          error: headers['dqm_error_type'],
        });
      }
      return found;
    },
    depths: async () => ({
      dead: (await broker.look(dead)).messageCount,
      back: (await broker.look(jobs)).messageCount,
    }),
  };
}

const everyBroker = [['SQS', anSqsBroker] as const, ...(servers().amqpUrl ? [['AMQP', anAmqpBroker] as const] : [])];

describe.each(everyBroker)('%s', (_name, open) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await open();
  });

  test('dead letters are listed with their jobs, again and again, and stay', async () => {
    await anEndedJob('renders', 'listed-1', 'failed').catch(() => undefined);
    await broker.letter('listed-1');
    await broker.letter('no-such-job', 'BadMessage');
    for (const _look of [1, 2, 3, 4]) {
      const lines = await run(broker.config);
      expect(lines).toHaveLength(2);
      expect(lines).toContainEqual({
        message_id: 'm-listed-1',
        job_id: 'listed-1',
        workflow_id: 'job/renders/listed-1',
        state: 'failed',
        error: { type: 'TaskUnavailable', message: 'shop.example answered 503' },
        outcome: 'listed',
      });
      expect(lines).toContainEqual(expect.objectContaining({ job_id: 'no-such-job', state: null }));
    }
    expect(await run(broker.config, { error: 'BadMessage' })).toHaveLength(1);
  });

  test('those that a filter names go back as they were, under their ids and without our errors', async () => {
    const moved = await run(broker.config, { redrive: true, error: 'TaskUnavailable' });
    expect(moved).toMatchObject([{ job_id: 'listed-1', outcome: 'redriven' }]);
    expect(await broker.redriven(1)).toEqual([
      { body: bodyOf('listed-1'), ids: ['listed-1', 'red'], error: undefined },
    ]);
    expect(await run(broker.config)).toMatchObject([{ job_id: 'no-such-job' }]);
  });

  test('those whose job has completed since are deleted; others, and those of other content, stay', async () => {
    const id = randomUUID();
    await anEndedJob('renders', `done-${id}`, 'completed');
    await anEndedJob('renders', `other-${id}`, 'completed', 'another message');
    await broker.letter(`done-${id}`);
    await broker.letter(`other-${id}`, 'IdentityConflict');
    expect(await run(broker.config, { dropCompleted: true, dryRun: true })).toMatchObject([{ outcome: 'would drop' }]);
    const dropped = await run(broker.config, { dropCompleted: true });
    expect(dropped).toMatchObject([{ job_id: `done-${id}`, state: 'completed', outcome: 'dropped' }]);
    const left = new Set((await run(broker.config)).map(({ job_id }) => job_id));
    expect(left).toEqual(new Set(['no-such-job', `other-${id}`]));
  });

  test('killed half-way none is lost', async () => {
    const count = 60;
    for (let index = 0; index < count; index += 1) await broker.letter(`killed-${index}`);
    const file = folder.file(
      `${randomUUID()}.conf`,
      configText({
        ...broker.lines,
        dqm: `temporal_address ${servers().temporalAddress}\ntemporal_namespace ${engine.namespace}`,
      }),
    );
    const process = startDqm(['dead-letters', '--queue', 'renders', '--redrive', '--yes', '--json', '--config', file]);
    await new Promise((resolve) => process.child.stdout?.once('data', resolve));
    await process.stop('SIGKILL');
    // Two of the tests above are left; what the killed process had in hand comes back.
    const whole = count + 2;
    const { dead, back } = await until(async () => {
      const depths = await broker.depths();
      return depths.dead + depths.back >= whole && depths;
    });
    const ids = new Set((await broker.redriven(back)).map(({ ids: [jobId] }) => jobId));
    expect(ids.size + dead).toBeGreaterThanOrEqual(whole);
    expect(back).toBeGreaterThan(0);
    const { exitCode } = await dqm(['dead-letters', '--queue', 'renders', '--json', '--config', file]);
    expect(exitCode).toBe(0);
  });
});

test.each([
  ['', 'names no dead-letter queue'],
  ['dead_letter broker', "only RabbitMQ's policy knows where the letters lie, and AMQP cannot read it"],
  [
    'dead_letter_exchange dead\ndead_letter_routing_key jobs',
    'its dead_letter_exchange does not tell where the letters lie',
  ],
])('an AMQP queue with %j says what to set', async (line, reason) => {
  const queue = ['<user queue>', 'name renders', 'url amqp://127.0.0.1:9/', 'queue renders', line, '</user>'];
  const asked = run(aConfig({ amqp: queue.join('\n') }));
  await expect(asked).rejects.toThrow(reason);
  await expect(asked).rejects.toThrow('set dead_letter_queue NAME');
});

test.each([
  [{ redrive: true, dropCompleted: true }, 'either --redrive or --drop-completed'],
  [{ queue: 'local' }, 'queue local has no broker'],
  [{ queue: 'nobody' }, 'there is no queue nobody'],
])('%j is refused', async (options, reason) => {
  await expect(run(aConfig(), options)).rejects.toThrow(reason);
});
