import type { WorkflowHandle } from '@temporalio/client';

import { aChainWorker, type ChainWorker } from '../../support/a-chain-worker.ts';
import { anEngine } from '../../support/an-engine.ts';
import { until } from '../../support/until.ts';

/** `DQM_COMMANDS_AT_ONCE=10000` gives the whole, at the engine's own limit of a history, which takes a minute or two. */
const whole = process.env['DQM_COMMANDS_AT_ONCE'];
const AT_ONCE = Number(whole ?? 1_500);
/** The engine suggests a new history at so many events; its own default is 4,096. */
const SUGGESTED_AT = whole === undefined ? 2_000 : 4_096;
const MOST_EVENTS = 10_000;
const TIME_LIMIT_MS = 120_000 + AT_ONCE * 60;

const CHAINS = `
import { command, deliver, inParallel, pause } from 'durable-queue-manager/chains';

const frames = (count) => Array.from({ length: count }, (_, n) => n);

/** Each command asks for what clock and chance say: another answer in a new history would ask for other pictures. */
export async function animation({ parameters, tasks }) {
  const began = Date.now();
  await inParallel(frames(parameters.count), { atMost: 20 }, async (frame) => {
    const seed = Math.random();
    const first = await command('frame', { frame, seed, began, now: new Date().getTime() });
    if (frame % 300 === 0) await deliver(first, tasks);
  });
  await pause('10 ms');
  await command('sheet', { seed: Math.random() });
  return Math.random();
}
export async function atOnce({ parameters }) {
  const all = await Promise.all(frames(parameters.count).map((frame) => command('frame', { frame })));
  return all.length;
}
`;

let engine: Awaited<ReturnType<typeof anEngine>>;
let worker: ChainWorker;

beforeAll(async () => {
  engine = await anEngine([`limit.historyCount.suggestContinueAsNew=${SUGGESTED_AT}`]);
  worker = await aChainWorker(CHAINS, engine.address);
});

afterAll(async () => {
  await worker?.close();
  await engine?.stop();
});

const asked = (): string[] => worker.commands.map(({ command, parameters }) => `${command} ${parameters}`);

interface Run {
  events: number;
  /** Steps of the workflow that the engine did not take: it has them done again. */
  failedSteps: number;
}

/** What the engine has written down of each history of a chain, the first one first. */
async function runsOf(job: WorkflowHandle): Promise<Run[]> {
  const runs: Run[] = [];
  let runId = (await job.describe()).raw.workflowExecutionInfo?.firstRunId;
  while (runId) {
    const { events = [] } = await worker.engine.client.workflow.getHandle(job.workflowId, runId).fetchHistory();
    const failedSteps = events?.filter((event) => event.workflowTaskFailedEventAttributes).length ?? 0;
    runs.push({ events: events?.length ?? 0, failedSteps });
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}

test('a chain of hundreds of commands goes on in new histories and asks for nothing twice', async () => {
  const tasks = [{ name: 's3_upload', config: { bucket: 'results', key: 'frame.png' } }];
  await worker.run(
    'animation',
    { count: 700 },
    async (job) => {
      expect(await job.result()).toEqual(expect.any(Number));
      expect(asked()).toHaveLength(701);
      expect(new Set(asked()).size).toBe(701);
      const began = worker.commands.map(({ parameters }) => (JSON.parse(parameters) as { began?: number }).began);
      expect(new Set(began).size).toBe(2); // the frames have one, the sheet none
      expect(worker.tasks).toHaveLength(3);
      expect((await runsOf(job)).length).toBeGreaterThan(1);
    },
    { input: { tasks } },
  );
});

test(
  'a chain that starts thousands of commands at once has at most 500 open, and all end',
  async () => {
    let most = 0;
    await worker.run('atOnce', { count: AT_ONCE }, async (job) => {
      const look = setInterval(() => {
        const looked = job.describe().then(({ raw }) => (most = Math.max(most, raw.pendingActivities?.length ?? 0)));
        // One that meets the end of the test has nothing to say.
        looked.catch(() => undefined);
      }, 200);
      try {
        expect(await job.result()).toBe(AT_ONCE);
      } finally {
        clearInterval(look);
      }
      expect(asked()).toHaveLength(AT_ONCE);
      const runs = await runsOf(job);
      expect(runs.length).toBeGreaterThan(1);
      expect(runs.filter(({ failedSteps }) => failedSteps > 0)).toEqual([]);
      expect(Math.max(...runs.map(({ events }) => events))).toBeLessThan(MOST_EVENTS);
    });
    expect(most).toBeLessThanOrEqual(500);
  },
  TIME_LIMIT_MS,
);

test('a cancel ends a chain of thousands, whatever waits in it', async () => {
  await worker.run('atOnce', { count: 3_000 }, async (job) => {
    await until(() => worker.commands.length > 200);
    await job.cancel();
    await expect(job.result()).rejects.toThrow('Workflow execution cancelled');
    expect((await job.describe()).status.name).toBe('CANCELLED');
    expect(worker.commands.length).toBeLessThan(3_000);
  });
});
