import { randomUUID } from 'node:crypto';

import type { WorkflowHandle } from '@temporalio/client';

import { aGpuHost, type GpuHost } from '../../support/a-gpu-host.ts';
import { aJobWorker } from '../../support/a-job-worker.ts';
import { aMessage } from '../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aFolder } from '../../support/a-staged-file.ts';
import { anIntake } from '../../support/an-intake.ts';

const QUEUE = 'thumbnails';
const shared = aFolder();
let engine: TestNamespace;
let jobWorker: { stop(): Promise<void> };
let host: GpuHost;
beforeAll(async () => {
  engine = await aNamespace();
  jobWorker = await aJobWorker(engine);
});
afterAll(async () => {
  await host?.stop();
  await jobWorker?.stop();
  await engine?.close();
});

/** Takes a job in as a bridge does. */
async function start(number: number): Promise<WorkflowHandle> {
  const body = { command: 'sleep', parameters: { ms: 60, number } };
  const { intake } = anIntake(engine.client, { allowCommands: ['sleep'] });
  const verdict = await intake.judge(
    aMessage({ queue: QUEUE, body, messageId: randomUUID() }),
    AbortSignal.timeout(30_000),
  );
  if (verdict.outcome !== 'started') throw new Error(JSON.stringify(verdict));
  return engine.client.workflow.getHandle(verdict.workflowId);
}

/** When the engine handed its command to the host. */
async function handedOutMs(job: WorkflowHandle): Promise<number> {
  const { events } = await job.fetchHistory();
  const started = events?.find(({ activityTaskStartedEventAttributes: attributes }) => attributes);
  const { seconds, nanos } = started?.eventTime ?? {};
  return Number(seconds) * 1_000 + Number(nanos) / 1e6;
}

test('of short commands the next one is on the host before the last byte of the one before, and starts after it', async () => {
  const jobs: WorkflowHandle[] = [];
  for (let number = 0; number < 20; number += 1) jobs.push(await start(number));
  host = await aGpuHost(engine, { queue: QUEUE, shared });
  await Promise.all(jobs.map((job) => job.result()));

  const calls = host.simulator.log.filter(({ command }) => command === 'sleep');
  expect(calls).toHaveLength(20);
  expect(calls.filter(({ overlap }) => overlap)).toEqual([]);
  const handedOut = (await Promise.all(jobs.map(handedOutMs))).sort((one, other) => one - other);
  const isAhead = handedOut.map((ms, index) => ms < (calls[index - 1]?.end ?? 0));
  // Eight have shown by then that they are short.
  expect(isAhead.slice(0, 9)).not.toContain(true);
  expect(isAhead.slice(9)).toContain(true);
});
