import { readGpuQueue } from '../../../lib/gpu-queue.ts';
import { pause, resume } from '../../../lib/pause.ts';
import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { killAll } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

const FRAMES = 60;
const SINGLE_JOBS = 5;
const CHAINS = `
import { command } from 'durable-queue-manager/chains';

export async function wide() {
  await Promise.all([...Array(${FRAMES}).keys()].map((frame) => command('sleep', { ms: 20, frame })));
}
`;

let farm: ChainFarm;

beforeAll(async () => {
  farm = await aChainFarm(CHAINS, { allow: ['wide'] });
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

/** Whose command each call of the simulator was, in their order. */
const order = async (): Promise<string[]> =>
  (await farm.calls('sleep')).map(({ body }) => (body.includes('"frame"') ? 'chain' : 'single'));

const areWaiting = (commands: number) =>
  until(async () => (await readGpuQueue(farm.engine.client, 'local')).waiting === commands);

test('single jobs that come behind all commands of a wide chain get every second turn of the GPU', async () => {
  const { client } = farm.engine;
  // Held still, so that all of them are there before the first turn.
  await pause(client, { queue: 'local' }, 'test');
  const chain = await farm.start('wide', {});
  await areWaiting(FRAMES);
  for (let job = 0; job < SINGLE_JOBS; job += 1) await farm.start('sleep', { ms: 20, job });
  await areWaiting(FRAMES + SINGLE_JOBS);
  await resume(client, { queue: 'local' }, 'test');
  await chain.result();

  const calls = await order();
  expect(calls).toHaveLength(FRAMES + SINGLE_JOBS);
  // In a single line, all of them would stand behind the frames.
  expect(calls.lastIndexOf('single')).toBeLessThanOrEqual(2 * SINGLE_JOBS);
});
