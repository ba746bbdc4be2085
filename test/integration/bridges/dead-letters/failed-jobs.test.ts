import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import { sha256 } from '../../../../lib/contract/ids.ts';
import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../../../lib/contract/names.ts';
import type { DeadLetterTarget } from '../../../../lib/contract/dead-letter.ts';
import type { Running } from '../../../../lib/run.ts';
import { startDeadLetterWorker } from '../../../../workers/dead-letters.ts';
import { aBody } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import {
  amqpTransports,
  anSqsTransport,
  type OpenTransport,
  type TestTransport,
} from '../../../support/a-transport.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { anIntake } from '../../../support/an-intake.ts';
import { aStagedResult } from '../../../support/a-job-input.ts';
import { describeWithAmqp } from '../../../support/servers.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

let engine: TestNamespace;
let broker: TestBroker;
/** What the render hosts do with every command. */
let isFailing = true;
const running: Running[] = [];

beforeAll(async () => {
  engine = await aNamespace();
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: servers().workflowBundle,
  });
  running.push({ done: worker.run(), stop: () => worker.shutdown() });
});
afterAll(async () => {
  for (const part of running) part.stop();
  await Promise.all(running.map(({ done }) => done));
  await engine?.close();
});

interface Changes {
  target?: DeadLetterTarget;
  /** With each message that the bridge takes into its hand. */
  onReceived?: () => void;
}

/** A render host of the queue, and its bridge with the worker that stores dead letters. */
async function aRunningQueue(transport: TestTransport, { target = transport.deadLetters, onReceived }: Changes = {}) {
  const { config } = transport;
  const parts = anIntake(engine.client, { queues: [config] });
  const gpu = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: gpuTaskQueue(config.name),
    activities: {
      runCommand: () => {
        if (!isFailing) return { result: aStagedResult(), host: 'gpu-07', gpuSeconds: 1 };
        throw ApplicationFailure.nonRetryable('no such scene:\nlost.mi', 'CommandFailed');
      },
    },
  });
  const deadLetters = await startDeadLetterWorker({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    queue: config.name,
    target,
    store: parts.store,
    drainTimeoutMs: 1_000,
  });
  const metrics = { ...parts.deps.metrics, ...(onReceived && { received: onReceived }) };
  const bridge = transport.startBridge({ ...parts.deps, metrics });
  running.push({ done: gpu.run(), stop: () => gpu.shutdown() }, deadLetters, bridge);
  return { ...parts, bridge };
}

const handleOf = ({ config }: TestTransport, identity: string): WorkflowHandle =>
  engine.client.workflow.getHandle(`job/${config.name}/${identity}`);

const statusOf = async (job: WorkflowHandle) => (await job.describe()).status.name;

const bodyOf = (scene: string): string => JSON.stringify(aBody({ parameters: { scene, pi: 3.0 } }));

function testsOf(openTransport: () => OpenTransport): void {
  let transport: TestTransport;
  beforeEach(async () => {
    transport = await openTransport()();
    isFailing = true;
  });

  test('a failed job leaves its message with attributes and marks, and runs again when it comes back', async () => {
    const { settled, outcomes, bridge } = await aRunningQueue(transport);
    const messageId = await transport.send(bodyOf('lost.mi'), { origin: 'shop', dqm_tenant: 'acme' });
    const letter = await transport.takeDeadLetter();
    expect(letter.body).toBe(bodyOf('lost.mi'));
    expect(letter.marks).toMatchObject({
      origin: 'shop',
      dqm_tenant: 'acme',
      dqm_error_type: 'CommandFailed',
      dqm_error: 'no such scene:\uFFFDlost.mi',
      dqm_job_id: messageId,
      dqm_message_id: messageId,
    });
    const job = handleOf(transport, messageId);
    const failedRun = await job.describe();

    isFailing = false;
    // At once, when its run may not have closed yet.
    await transport.redrive(letter);
    await settled(2);
    await until(async () => (await statusOf(job)) === 'COMPLETED');
    const { memo, runId } = await job.describe();
    expect(runId).not.toBe(failedRun.runId);
    expect(memo).toMatchObject({ message_id: messageId, job_id: messageId, tenant: 'acme' });
    expect(memo?.['delivery_id']).not.toBe(messageId);
    // SQS gives it one of its own.
    expect(letter.messageId).toMatch(transport.config.kind === 'amqp' ? `${messageId}~${failedRun.runId}` : /./);

    // The letter was stored twice: its other copy starts nothing.
    await transport.redrive(letter);
    await settled(3);
    expect(outcomes).toEqual(['started', 'started', 'duplicate']);
    bridge.stop();
    await bridge.done;
    expect(await transport.depth()).toBe(0);
    expect(await transport.deadDepth()).toBe(0);
  });

  test('one that comes back before its failed run has closed waits in hand for that, and runs again', async () => {
    let close = (): void => undefined;
    const held = new Promise<void>((resolve) => (close = resolve));
    const target: DeadLetterTarget = {
      store: async (letter) => {
        const outcome = await transport.deadLetters.store(letter);
        await held;
        return outcome;
      },
    };
    let received = 0;
    const { settled, outcomes } = await aRunningQueue(transport, { target, onReceived: () => (received += 1) });
    await transport.send(bodyOf('lost.mi'), { dqm_job_id: 'chair-1' });
    const job = handleOf(transport, 'chair-1');
    await transport.redrive(await transport.takeDeadLetter());
    await until(() => received === 2);
    expect(await statusOf(job)).toBe('RUNNING');
    isFailing = false;
    close();
    await settled(2);
    expect(outcomes).toEqual(['started', 'started']);
    await until(async () => (await statusOf(job)) === 'COMPLETED');
  });

  test('one delivered twice while its job runs again runs once', async () => {
    const { settled, outcomes } = await aRunningQueue(transport);
    await transport.send(bodyOf('twice.mi'), { dqm_job_id: 'chair-2' });
    const letter = await transport.takeDeadLetter();
    await until(async () => (await statusOf(handleOf(transport, 'chair-2'))) === 'FAILED');
    isFailing = false;
    await transport.redrive(letter);
    await transport.redrive(letter);
    await settled(3);
    expect([...outcomes].sort()).toEqual(['duplicate', 'started', 'started']);
  });

  test.each([
    ['256 KB', 256_000],
    ['nearly 1 MiB', 1_047_000],
  ])('a body of %s comes back byte for byte', async (_size, bytes) => {
    await aRunningQueue(transport);
    const body = bodyOf('ä'.repeat(bytes / 2 - 50));
    expect(Buffer.byteLength(body)).toBeGreaterThan(bytes - 200);
    await transport.send(body);
    expect(sha256((await transport.takeDeadLetter()).body)).toBe(sha256(body));
  });

  test.each(['none', 'gone'] as const)(
    'without a target, dead letters: %s, the failed workflow is the record',
    async (deadLetters) => {
      const none = await openTransport()({ deadLetters });
      await aRunningQueue(none);
      await none.send(bodyOf('lost.mi'), { dqm_job_id: 'chair-3' });
      await until(async () => (await statusOf(handleOf(none, 'chair-3')).catch(() => undefined)) === 'FAILED');
      expect(await none.deadDepth()).toBe(0);
    },
  );

  test("the queue's own target takes what the broker takes from us", async () => {
    const own = await openTransport()({ deadLetters: 'broker' });
    await aRunningQueue(own);
    await own.send(bodyOf('lost.mi'), { dqm_job_id: 'chair-4' });
    await until(async () => (await statusOf(handleOf(own, 'chair-4')).catch(() => undefined)) === 'FAILED');
    // RabbitMQ dead-letters only what it still has: that message was acknowledged long ago.
    expect(await own.deadDepth()).toBe(own.config.kind === 'sqs' ? 1 : 0);
  });

  test('a queue that takes nothing in still gets rid of what failed', async () => {
    const { bridge, intake } = await aRunningQueue(transport);
    bridge.stop();
    await bridge.done;
    await transport.send(bodyOf('lost.mi'), { dqm_job_id: 'chair-5' });
    await intake.judge(await transport.deliveryOfDyingBridge(), new AbortController().signal);
    expect((await transport.takeDeadLetter()).marks).toMatchObject({ dqm_job_id: 'chair-5' });
  });

  test('a cancelled and a terminated job leave none', async () => {
    const parts = anIntake(engine.client, { queues: [transport.config] });
    const bridge = transport.startBridge(parts.deps);
    running.push(bridge);
    await transport.send(bodyOf('a.mi'), { dqm_job_id: 'cancelled' });
    await transport.send(bodyOf('b.mi'), { dqm_job_id: 'terminated' });
    await parts.settled(2);
    await handleOf(transport, 'cancelled').cancel();
    await handleOf(transport, 'terminated').terminate();
    await until(async () => (await statusOf(handleOf(transport, 'cancelled'))) === 'CANCELLED');
    expect(await transport.deadDepth()).toBe(0);
  });
}

describe('on SQS', () => {
  testsOf(() => anSqsTransport);

  test('where ten attributes leave no room for the marks, the failed workflow is the record', async () => {
    const transport = await anSqsTransport();
    await aRunningQueue(transport);
    const attributes = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`a${index}`, 'x']));
    const messageId = await transport.send(bodyOf('lost.mi'), attributes);
    const job = handleOf(transport, messageId);
    await until(async () => (await statusOf(job).catch(() => undefined)) === 'FAILED');
    const { currentDetails } = await job.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('more than 10 attributes');
    expect(await transport.deadDepth()).toBe(0);
  });
});

describeWithAmqp('on AMQP', () => {
  beforeAll(async () => (broker = await aBroker()));
  afterAll(() => broker?.close());
  testsOf(() => amqpTransports(broker));

  test('headers of every type come back out of the history as they were', async () => {
    const transport = await amqpTransports(broker)();
    const { config } = transport;
    await aRunningQueue(transport);
    const headers = {
      when: { '!': 'timestamp', value: 1_700_000_000 },
      blob: Buffer.from([0, 255]),
      list: [1, 'two', null, true],
      half: 0.5,
      deep: { er: { est: 3 } },
    };
    const queue = config.kind === 'amqp' ? config.queue : '';
    const dead = config.kind === 'amqp' && config.deadLetter?.kind === 'queue' ? config.deadLetter.queue : '';
    await broker.send(queue, bodyOf('lost.mi'), { headers, contentType: 'application/json', correlationId: 'c-1' });
    const { properties } = await broker.receive(dead);
    expect(properties).toMatchObject({ headers, contentType: 'application/json', correlationId: 'c-1' });
  });
});
