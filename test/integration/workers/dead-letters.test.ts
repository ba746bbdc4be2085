import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import type { DeadLetter } from '../../../lib/contract/dead-letter.ts';
import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import { startDeadLetterWorker } from '../../../workers/dead-letters.ts';
import { createFileStore } from '../../../lib/results/file-store.ts';
import { aJobInput } from '../../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aFolder } from '../../support/a-staged-file.ts';
import { servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

let engine: TestNamespace;
const folder = aFolder();
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

test('a bridge that stops stores the dead letter that it has in hand, and takes no more', async () => {
  const { client, namespace } = engine;
  const noScene = ApplicationFailure.nonRetryable('no such scene', 'CommandFailed');
  const activities = { runCommand: () => Promise.reject(noScene) };
  const jobs = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: servers().workflowBundle,
  });
  const gpu = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: gpuTaskQueue('renders'),
    activities,
  });
  const inHand: DeadLetter[] = [];
  let goOn = (): void => undefined;
  const stuck = new Promise<void>((resolve) => (goOn = resolve));
  const deadLetters = await startDeadLetterWorker({
    connection: await engine.connectWorker(),
    namespace,
    queue: 'renders',
    target: {
      store: async (letter) => {
        inHand.push(letter);
        await stuck;
        return { outcome: 'stored', place: 'renders-dead' };
      },
    },
    store: createFileStore({ root: folder }),
    drainTimeoutMs: 120_000,
  });
  const start = (jobId: string) =>
    client.workflow.start('render_product', {
      workflowId: `job/renders/${jobId}`,
      taskQueue: JOBS_TASK_QUEUE,
      args: [aJobInput({ jobId, deadLetter: true })],
    });
  await jobs.runUntil(
    gpu.runUntil(async () => {
      const first = await start('chair-1');
      await until(() => inHand.length === 1);
      deadLetters.stop();
      const second = await start('chair-2');
      await until(
        async () => (await second.describe()).raw.pendingActivities?.[0]?.activityType?.name === 'storeDeadLetter',
      );
      goOn();
      await deadLetters.done;
      await expect(first.result()).rejects.toThrow(WorkflowFailedError);
      expect((await second.describe()).status.name).toBe('RUNNING');
      expect(inHand).toMatchObject([{ jobId: 'chair-1', suffix: first.firstExecutionRunId }]);
    }),
  );
});
