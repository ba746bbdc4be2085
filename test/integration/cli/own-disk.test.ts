import { hostname } from 'node:os';

import { Worker } from '@temporalio/worker';

import { ownDiskRefusal } from '../../../cli/setup/own-disk.ts';
import { JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import { countPollers } from '../../../lib/task-queue.ts';
import { aConfig } from '../../support/a-config.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aFolder } from '../../support/a-staged-file.ts';
import { until } from '../../support/until.ts';

const folder = aFolder();
let engine: TestNamespace;
beforeEach(async () => {
  engine = await aNamespace();
});
afterEach(() => engine.close());

async function withJobWorker<T>(identity: string, during: () => Promise<T>): Promise<T> {
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    taskQueue: JOBS_TASK_QUEUE,
    identity,
    activities: { s3_upload: () => Promise.resolve() },
  });
  return worker.runUntil(async () => {
    await until(async () => (await countPollers(engine.client, JOBS_TASK_QUEUE)) > 0);
    return during();
  });
}

const fileStore = aConfig({ dqm: `result_store file://${folder}/results` });

test('a folder on a host’s own disk is refused when job workers run on other machines', async () => {
  const refusal = await withJobWorker('1@worker-7', () => ownDiskRefusal(fileStore, engine.client));
  expect(refusal).toMatch(
    /^result_store \/.*\/results is on this host's own disk \(\w+\), and job workers run on worker-7: name an s3:\/\/ store/,
  );
});

test.each([
  ['this machine', `1@${hostname()}`, fileStore],
  ['a container, whose folders may be shared', '1@0123456789ab', fileStore],
  ['another machine, with a store in S3', '1@worker-7', aConfig({ dqm: 'result_store s3://results/dqm' })],
])('it is not when they run on %s', async (_where, identity, config) => {
  expect(await withJobWorker(identity, () => ownDiskRefusal(config, engine.client))).toBeUndefined();
});
