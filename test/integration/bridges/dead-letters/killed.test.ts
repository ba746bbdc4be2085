import { WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import type { QueueConfig } from '../../../../lib/config/config.ts';
import { rejectedWorkflowIdBeside } from '../../../../lib/contract/ids.ts';
import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../../../lib/contract/names.ts';
import type { Running } from '../../../../lib/run.ts';
import { configText } from '../../../support/a-config.ts';
import { aBody } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { aProxy, type Moment, type Proxy } from '../../../support/a-proxy.ts';
import {
  describeOnEachBroker,
  type Letter,
  type OpenTransport,
  type TestTransport,
} from '../../../support/a-transport.ts';
import { aStagedResult } from '../../../support/a-job-input.ts';
import { aFolder, killAll, startDqm, type DqmProcess } from '../../../support/dqm-process.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

const folder = aFolder();
const workers: Running[] = [];
let engine: TestNamespace;

beforeAll(async () => {
  engine = await aNamespace();
  await aWorker({ taskQueue: JOBS_TASK_QUEUE, workflowBundle: servers().workflowBundle });
});
afterAll(async () => {
  await killAll();
  for (const worker of workers) worker.stop();
  await Promise.all(workers.map(({ done }) => done));
  await engine?.close();
  folder.remove();
});

async function aWorker(options: {
  taskQueue: string;
  workflowBundle?: { codePath: string };
  activities?: object;
}): Promise<void> {
  const { namespace } = engine;
  const worker = await Worker.create({ connection: await engine.connectWorker(), namespace, ...options });
  workers.push({ done: worker.run(), stop: () => worker.shutdown() });
}

const addressOf = ({ host, port }: Proxy): string => `${host}:${port}`;

/** Each `host:port`. */
interface Ways {
  broker: string;
  temporal: string;
}

const brokerOf = ({ kind }: QueueConfig): string =>
  new URL(kind === 'sqs' ? servers().awsEndpoint : (servers().amqpUrl ?? '')).host;

function linesOf(config: QueueConfig, address: string): { aws: string } | { amqp: string } {
  switch (config.kind) {
    case 'sqs':
      return {
        aws: `endpoint http://${address}
access_key_id test
secret_access_key test
<user queue>
name ${config.name}
url ${config.url}
${config.deadLetterUrl === undefined ? '' : `dead_letter_url ${config.deadLetterUrl}`}
max_waiting_jobs unlimited
</user>`,
      };
    case 'amqp':
      return {
        amqp: `<user queue>
name ${config.name}
url ${Object.assign(new URL(servers().amqpUrl ?? ''), { host: address }).href}
queue ${config.queue}
${config.deadLetter?.kind === 'queue' ? `dead_letter_queue ${config.deadLetter.queue}` : ''}
max_waiting_jobs unlimited
</user>`,
      };
    default:
      throw new Error(`${config.kind} has no broker`);
  }
}

function aBridge({ config }: TestTransport, { broker, temporal }: Ways): DqmProcess {
  const text = configText({
    queue_manager: `allow_command render_product\nlisten_queue ${config.name}`,
    dqm: `temporal_address ${temporal}
temporal_namespace ${engine.namespace}
data_folder ${folder.path}/data
metrics_address 127.0.0.1:0`,
    ...linesOf(config, broker),
  });
  return startDqm(['bridge', '--config', folder.file(`${config.name}.conf`, text)]);
}

/** Between a job that has failed and an engine that knows where its dead letter is. */
type Step = 'the broker has it' | 'the broker says so' | 'the engine hears of it';

function momentBefore(step: Step, { kind }: QueueConfig): Moment {
  switch (step) {
    case 'the broker has it':
      return { bytes: 'dqm_error_type', passes: false };
    case 'the broker says so':
      return { bytes: 'dqm_error_type', passes: true };
    case 'the engine hears of it':
      // SQS's answer to what is sent; class 60, method 80: basic.ack, RabbitMQ's confirm.
      return { bytes: kind === 'sqs' ? 'MD5OfMessageBody' : Buffer.of(0, 60, 0, 80), from: 'server', passes: true };
    default:
      return step satisfies never;
  }
}

/** A bridge is killed before that step of a job's dead letter, and another one goes on. Gives what lies there in the end. */
async function killedBefore(step: Step, transport: TestTransport) {
  const { name } = transport.config;
  let commands = 0;
  let isFailing = true;
  await aWorker({
    taskQueue: gpuTaskQueue(name),
    activities: {
      runCommand: () => {
        commands += 1;
        if (isFailing) throw ApplicationFailure.nonRetryable('no such scene', 'CommandFailed');
        return { result: aStagedResult(), host: 'gpu-07', gpuSeconds: 1 };
      },
    },
  });
  const ways: Ways = { broker: brokerOf(transport.config), temporal: servers().temporalAddress };
  const [broker, temporal] = [await aProxy(ways.broker), await aProxy(ways.temporal)];
  const reached = broker.holdAt(momentBefore(step, transport.config));
  const first = aBridge(transport, { broker: addressOf(broker), temporal: addressOf(temporal) });
  const messageId = await transport.send(JSON.stringify(aBody()), { dqm_job_id: 'chair-1' });
  await reached;
  // At once: the broker's word is not with the bridge yet.
  if (step === 'the engine hears of it') void temporal.holdAt({ bytes: '', passes: false });
  const isThere = step !== 'the broker has it';
  await until(async () => (await transport.deadDepth()) === (isThere ? 1 : 0));
  await first.stop('SIGKILL');
  const job = engine.client.workflow.getHandle(`job/${name}/chair-1`);
  const { runId, status } = await job.describe();
  expect(status.name).toBe('RUNNING');

  const second = aBridge(transport, ways);
  await until(async () => (await job.describe()).status.name === 'FAILED');
  const letters: Letter[] = [];
  for (let left = await transport.deadDepth(); left > 0; left -= 1) letters.push(await transport.takeDeadLetter());

  isFailing = false;
  for (const letter of letters) await transport.redrive(letter);
  await until(async () => (await job.describe()).status.name === 'COMPLETED' && (await transport.depth()) === 0);
  expect(await second.stop()).toBe(0);
  expect(await transport.depth()).toBe(0);
  return { letters, failedRun: { runId, messageId, kind: transport.config.kind }, isThere, commands };
}

/** The dead letter's own id; undefined where the broker chooses it. */
const idOf = ({ kind, messageId, runId }: { kind: string; messageId: string; runId: string }): string | undefined =>
  kind === 'amqp' ? `${messageId}~${runId}` : undefined;

/** A bridge is killed before the broker hears that a message is settled which has no dead-letter queue to go to; another one goes on. */
async function killedWhileHolding(transport: TestTransport) {
  const { name, kind } = transport.config;
  const ways: Ways = { broker: brokerOf(transport.config), temporal: servers().temporalAddress };
  const broker = await aProxy(ways.broker);
  // Class 60, method 80: basic.ack.
  const bytes = kind === 'sqs' ? 'DeleteMessageBatch' : Buffer.of(0, 60, 0, 80);
  const reached = broker.holdAt({ bytes, passes: false });
  const first = aBridge(transport, { ...ways, broker: addressOf(broker) });
  const messageId = await transport.send('not JSON');
  await reached;
  const held = engine.client.workflow.getHandle(`rejected/${name}/${messageId}`);
  const { runId } = await held.describe();
  await first.stop('SIGKILL');
  await transport.showAgain();

  const second = aBridge(transport, ways);
  const settled = await second.said('Message rejected');
  expect(await second.stop()).toBe(0);
  expect(await transport.depth()).toBe(0);
  return { messageId, settled, runId, now: await held.describe() };
}

const STEPS: readonly Step[] = ['the broker has it', 'the broker says so', 'the engine hears of it'];

function testsOf(openTransport: () => OpenTransport): void {
  test("a bridge that is killed with a failed job's dead letter in its hand: another stores it, twice at most and then alike; brought back, the job runs once", async () => {
    const killed = await Promise.all(STEPS.map(async (step) => killedBefore(step, await openTransport()())));
    for (const { letters, failedRun, isThere, commands } of killed) {
      expect(letters).toHaveLength(isThere ? 2 : 1);
      for (const { body, marks, messageId } of letters) {
        expect(body).toBe(JSON.stringify(aBody()));
        expect(marks).toMatchObject({
          dqm_error_type: 'CommandFailed',
          dqm_job_id: 'chair-1',
          dqm_message_id: failedRun.messageId,
        });
        expect(messageId).toBe(idOf(failedRun) ?? messageId);
      }
      expect(commands).toBe(2);
    }
  });

  test('a bridge is killed between holding a rejected message in a workflow and acknowledging it: another one settles it, one workflow holds it', async () => {
    const transport = await openTransport()({ deadLetters: 'none' });
    const { messageId, settled, runId, now } = await killedWhileHolding(transport);
    expect(settled).toMatchObject({ messageId, type: 'BadMessage' });
    expect(now).toMatchObject({ runId, status: { name: 'RUNNING' } });
    const beside = rejectedWorkflowIdBeside(transport.config.name, messageId, Buffer.from('not JSON'));
    await expect(engine.client.workflow.getHandle(beside).describe()).rejects.toThrow(WorkflowNotFoundError);
  });
}

describeOnEachBroker(testsOf);
