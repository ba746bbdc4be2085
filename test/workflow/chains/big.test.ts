import { aChainWorker, type ChainWorker } from '../../support/a-chain-worker.ts';
import { until } from '../../support/until.ts';

const CHAINS = `
import { command, deliver, inParallel, pause } from 'durable-queue-manager/chains';

const frames = (count) => Array.from({ length: count }, (_, n) => n);

/** Each command asks for what clock and chance say: another answer in a new history would ask for other pictures. */
export async function animation({ parameters, tasks }) {
  const began = Date.now();
  await inParallel(frames(parameters.count), { atMost: 20 }, async (frame) => {
    const seed = Math.random();
    const first = await command('frame', { frame, seed, began, now: new Date().getTime() });
    if (frame % 400 === 0) await deliver(first, tasks);
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

let worker: ChainWorker;

beforeAll(async () => {
  worker = await aChainWorker(CHAINS);
});

afterAll(() => worker?.close());

const asked = (): string[] => worker.commands.map(({ command, parameters }) => `${command} ${parameters}`);

test('a chain of 1,500 commands goes on in new histories and asks for nothing twice', async () => {
  const tasks = [{ name: 's3_upload', config: { bucket: 'results', key: 'frame.png' } }];
  await worker.run(
    'animation',
    { count: 1_500 },
    async (job) => {
      expect(await job.result()).toEqual(expect.any(Number));
      expect(asked()).toHaveLength(1_501);
      expect(new Set(asked()).size).toBe(1_501);
      const began = worker.commands.map(({ parameters }) => (JSON.parse(parameters) as { began?: number }).began);
      expect(new Set(began).size).toBe(2); // the frames have one, the sheet none
      expect(worker.tasks).toHaveLength(4);
      const { historyLength, raw, runId } = await job.describe();
      expect(runId).not.toBe(raw.workflowExecutionInfo?.firstRunId);
      expect(historyLength).toBeLessThan(10_000);
    },
    { input: { tasks } },
  );
});

test('a chain that starts 2,000 commands at once has at most 500 open, and all end', async () => {
  let open = 0;
  let most = 0;
  await worker.run(
    'atOnce',
    { count: 2_000 },
    async (job) => {
      const look = setInterval(() => {
        const looked = job.describe().then(({ raw }) => (most = Math.max(most, raw.pendingActivities?.length ?? 0)));
        // One that meets the end of the test has nothing to say.
        looked.catch(() => undefined);
      }, 500);
      try {
        expect(await job.result()).toBe(2_000);
      } finally {
        clearInterval(look);
      }
    },
    { behaviour: { command: () => ((open += 1), undefined) } },
  );
  expect(open).toBe(2_000);
  expect(most).toBeGreaterThan(100);
  expect(most).toBeLessThanOrEqual(500);
});

test('a cancel ends a chain of thousands, whatever waits in it', async () => {
  await worker.run('atOnce', { count: 3_000 }, async (job) => {
    await until(() => worker.commands.length > 200);
    await job.cancel();
    await expect(job.result()).rejects.toThrow('Workflow execution cancelled');
    expect((await job.describe()).status.name).toBe('CANCELLED');
    expect(worker.commands.length).toBeLessThan(3_000);
  });
});
