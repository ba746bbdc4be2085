import { randomUUID } from 'node:crypto';

import type { WorkflowHandle } from '@temporalio/client';

import { aGpuHost, fastClock, type GpuHost } from '../../support/a-gpu-host.ts';
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
  const body = { command: 'sleep', parameters: { ms: 400, number } };
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

/** A quarter of the real time: what is short, and how long before its end it is called, is four times as long on a busy machine. */
const slowClock = fastClock(1 / 4);
/** They are called 50 ms before the end, 200 by the real clock; the engine's clock and the simulator's may differ by less than this. */
const SURELY_AHEAD_MS = 15;

/** Of each command, in order: whether it was on the host while the one before it was on the GPU. */
async function calledAhead(jobs: readonly WorkflowHandle[]): Promise<boolean[]> {
  const handedOut = (await Promise.all(jobs.map(handedOutMs))).sort((one, other) => one - other);
  const calls = callsOf(host);
  return handedOut.map((ms, index) => ms + SURELY_AHEAD_MS < (calls[index - 1]?.end ?? 0));
}

const callsOf = ({ simulator }: GpuHost) => simulator.log.filter(({ command }) => command === 'sleep');

test('of short commands the next one is on the host before the last byte of the one before, and starts after it', async () => {
  const jobs: WorkflowHandle[] = [];
  let isAhead: boolean[];
  // Eight in a row must have shown that they are short; on a busy machine some of the first may not be.
  do {
    const numbers = Array.from({ length: 12 }, (_, index) => jobs.length + index);
    jobs.push(...(await Promise.all(numbers.map(start))));
    host ??= await aGpuHost(engine, { queue: QUEUE, shared, clock: slowClock });
    await Promise.all(jobs.map((job) => job.result()));
    isAhead = await calledAhead(jobs);
  } while (!isAhead.includes(true));

  expect(isAhead.slice(0, 9)).not.toContain(true);
  expect(callsOf(host)).toHaveLength(jobs.length);
  expect(callsOf(host).filter(({ overlap }) => overlap)).toEqual([]);
});
