import { randomUUID } from 'node:crypto';

import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import type { Verdict } from '../../../bridges/intake/intake.ts';
import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import type { JobState } from '../../../lib/contract/states.ts';
import { showJob } from '../../../lib/jobs/show.ts';
import type { Running } from '../../../lib/run.ts';
import { aStagedResult } from '../../support/a-job-input.ts';
import { aBody } from '../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { describeOnEachBroker, type OpenTransport, type TestTransport } from '../../support/a-transport.ts';
import { anIntake } from '../../support/an-intake.ts';
import { servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

/** A queue with a render host, and one without. */
const [RENDERS, NO_HOST] = ['renders', 'no-host'];
const never = new AbortController().signal;

let engine: TestNamespace;
let letGo = (): void => undefined;
const held = new Promise<void>((resolve) => (letGo = resolve));
const workers: Running[] = [];
const bridges: Running[] = [];

async function stopAll(parts: Running[]): Promise<void> {
  for (const part of parts) part.stop();
  await Promise.all(parts.splice(0).map(({ done }) => done));
}

beforeAll(async () => {
  engine = await aNamespace();
  await aWorker({ taskQueue: JOBS_TASK_QUEUE, workflowBundle: servers().workflowBundle });
  await aWorker({ taskQueue: gpuTaskQueue(RENDERS) });
});
afterAll(async () => {
  letGo();
  await stopAll(bridges);
  await stopAll(workers);
  await engine?.close();
});

/** Its activities do what the scene of a job's parameters says. */
async function aWorker(options: { taskQueue: string; workflowBundle?: { codePath: string } }): Promise<void> {
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    activities: {
      runCommand: async ({ body }: { body: { text: string } }) => {
        if (body.text.includes('running.mi')) await held;
        if (body.text.includes('failed.mi')) throw ApplicationFailure.nonRetryable('no such scene', 'CommandFailed');
        return { result: aStagedResult(), host: 'gpu-07', gpuSeconds: 1 };
      },
      http_post: () => held,
    },
    ...options,
  });
  workers.push({ done: worker.run(), stop: () => worker.shutdown() });
}

const bodyOf = (state: JobState, parameters: object = {}): string =>
  JSON.stringify(
    aBody({
      parameters: { scene: `${state}.mi`, ...parameters },
      ...(state === 'delivering' && {
        tasks: [{ name: 'http_post', config: { postback_uri: 'https://shop.example/' } }],
      }),
    }),
  );

async function reached(job: WorkflowHandle, state: JobState): Promise<void> {
  if (state === 'cancelled') await job.cancel();
  await until(async () => {
    const shown = await showJob(engine.client, job.workflowId, { uiUrl: null, namespace: engine.namespace });
    return shown.state === state && (shown.ended !== null || !['completed', 'failed', 'cancelled'].includes(state));
  });
}

/** Its job reaches the state; then a message of the same job comes. Gives how that one was settled. */
type SecondMessage = (state: JobState, transport: TestTransport) => Promise<Verdict['outcome']>;

const handleOf = ({ config }: TestTransport, jobId: string): WorkflowHandle =>
  engine.client.workflow.getHandle(`job/${config.name}/${jobId}`);

/** A bridge has started the job, and dies before it acknowledges; another gets the message once more. */
const theSameAgain: SecondMessage = async (state, transport) => {
  const parts = anIntake(engine.client);
  const jobId = randomUUID();
  await transport.send(bodyOf(state), { dqm_job_id: jobId });
  await parts.intake.judge(await transport.deliveryOfDyingBridge(), never);
  await reached(handleOf(transport, jobId), state);
  bridges.push(transport.startBridge(parts.deps));
  await parts.settled(1);
  return parts.outcomes[0] ?? 'unavailable';
};

const anotherOf =
  (parameters: object): SecondMessage =>
  async (state, transport) => {
    const parts = anIntake(engine.client);
    const jobId = randomUUID();
    bridges.push(transport.startBridge(parts.deps));
    await transport.send(bodyOf(state), { dqm_job_id: jobId });
    await parts.settled(1);
    const job = handleOf(transport, jobId);
    await reached(job, state);
    const { runId } = await job.describe();
    await transport.send(bodyOf(state, parameters), { dqm_job_id: jobId });
    await parts.settled(2);
    const outcome = parts.outcomes[1] ?? 'unavailable';
    expect((await job.describe()).runId === runId).toBe(outcome !== 'started');
    expect(await transport.deadDepth()).toBe(outcome === 'rejected' ? 1 : 0);
    return outcome;
  };

/** The table of docs/messages.md, cell by cell. */
const TABLE: [
  JobState,
  [same: Verdict['outcome'], sameContent: Verdict['outcome'], otherContent: Verdict['outcome']],
][] = [
  ['waiting', ['duplicate', 'duplicate', 'rejected']],
  ['running', ['duplicate', 'duplicate', 'rejected']],
  ['delivering', ['duplicate', 'duplicate', 'rejected']],
  ['completed', ['duplicate', 'duplicate', 'rejected']],
  ['failed', ['duplicate', 'started', 'started']],
  ['cancelled', ['duplicate', 'started', 'started']],
];

function testsOf(openTransport: () => OpenTransport): void {
  const transports: TestTransport[] = [];
  async function aTransport(name: string): Promise<TestTransport> {
    const transport = await openTransport()({ name });
    transports.push(transport);
    return transport;
  }

  test.each(TABLE)(
    'a %s job: the same message, another of the same content, one of other content',
    async (state, row) => {
      const name = state === 'waiting' || state === 'cancelled' ? NO_HOST : RENDERS;
      const columns = [theSameAgain, anotherOf({}), anotherOf({ width: 99 })];
      const outcomes = columns.map(async (column) => column(state, await aTransport(name)));
      expect(await Promise.all(outcomes)).toEqual(row);
    },
  );

  test('a conflict is a dead letter that names the job', async () => {
    const transport = await aTransport(NO_HOST);
    const { deps, settled } = anIntake(engine.client);
    bridges.push(transport.startBridge(deps));
    const jobId = randomUUID();
    await transport.send(bodyOf('waiting'), { dqm_job_id: jobId });
    await settled(1);
    const second = await transport.send(bodyOf('waiting', { width: 99 }), { dqm_job_id: jobId });
    expect((await transport.takeDeadLetter()).marks).toMatchObject({
      dqm_error_type: 'IdentityConflict',
      dqm_error: `job ${jobId} of this queue exists already and came from a message with other content`,
      dqm_job_id: jobId,
      dqm_message_id: second,
    });
  });

  test('and none of them is in its queue any more', async () => {
    // What a bridge had not acknowledged would be in its queue again.
    await stopAll(bridges);
    expect(await Promise.all(transports.map((transport) => transport.depth()))).toEqual(transports.map(() => 0));
  });
}

describeOnEachBroker(testsOf);
