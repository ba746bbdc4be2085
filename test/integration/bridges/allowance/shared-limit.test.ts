import { randomUUID } from 'node:crypto';

import { bridgeTaskQueue } from '../../../../lib/contract/names.ts';
import { readGpuQueue } from '../../../../lib/gpu-queue.ts';
import { countPollers } from '../../../../lib/task-queue.ts';
import { configText } from '../../../support/a-config.ts';
import { aGpuWorker } from '../../../support/a-gpu-worker.ts';
import { aJobWorker } from '../../../support/a-job-worker.ts';
import { aBody } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anSqsClient, anSqsQueue } from '../../../support/an-sqs-queue.ts';
import { aFolder, killAll, startDqm } from '../../../support/dqm-process.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

const LIMIT = 10;
const MESSAGES = 100;
/** docs/configuration.md: for each bridge the limit, for each job worker what it has in its hands. */
const BOUND = 2 * LIMIT + 40;

const folder = aFolder();
let engine: TestNamespace;
let jobWorker: { stop(): Promise<void> };
beforeAll(async () => {
  engine = await aNamespace();
  jobWorker = await aJobWorker(engine);
});
afterAll(async () => {
  await killAll();
  await jobWorker?.stop();
  await engine?.close();
  folder.remove();
});

test('two bridges of one queue, in processes of their own, share its max_waiting_jobs', async () => {
  const name = `q-${randomUUID()}`;
  const queue = await anSqsQueue(anSqsClient());
  const config = folder.file('shared.conf', bridgeConfig(name, queue.url));
  const bridges = [1, 2].map(() => startDqm(['bridge', '--config', config]));
  // Each polls for dead letters to store: that is how they know of each other.
  await until(async () => (await countPollers(engine.client, bridgeTaskQueue(name))) === 2);
  const waiting = async (): Promise<number> => (await readGpuQueue(engine.client, name)).waiting;
  const send = () => queue.send(JSON.stringify(aBody()));
  // One by one: none is on its way when the limit is reached.
  for (let sent = 1; sent <= LIMIT; sent += 1) {
    await send();
    await until(async () => (await waiting()) === sent);
  }
  await Promise.all(Array.from({ length: MESSAGES - LIMIT }, send));

  let done = 0;
  let most = await waiting();
  const host = await aGpuWorker(engine, {
    queue: name,
    run: async () => {
      most = Math.max(most, await waiting());
      done += 1;
    },
  });
  await until(() => done >= MESSAGES);
  expect(most).toBeLessThanOrEqual(BOUND);
  await until(async () => (await queue.depth()).inFlight === 0);
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
  await host.stop();
  for (const bridge of bridges) expect(await bridge.stop()).toBe(0);
});

const bridgeConfig = (name: string, url: string): string =>
  configText({
    queue_manager: `allow_command render_product\nlisten_queue ${name}`,
    aws: `endpoint ${servers().awsEndpoint}
access_key_id test
secret_access_key test
<user queue>
name ${name}
url ${url}
max_waiting_jobs ${LIMIT}
</user>`,
    dqm: `temporal_address ${servers().temporalAddress}
temporal_namespace ${engine.namespace}
data_folder ${folder.path}/data
metrics_address 127.0.0.1:0`,
  });
