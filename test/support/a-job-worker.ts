import { Worker } from '@temporalio/worker';

import { JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';

import type { TestNamespace } from './a-namespace.ts';
import { fakeActivities } from './fake-activities.ts';
import { servers } from './servers.ts';

/** Runs the workflows of a test's namespace, with completion tasks that work. */
export async function aJobWorker(engine: TestNamespace): Promise<{ stop(): Promise<void> }> {
  const { s3_upload, http_post } = fakeActivities();
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: servers().workflowBundle,
    activities: { s3_upload, http_post },
  });
  const done = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await done;
    },
  };
}
