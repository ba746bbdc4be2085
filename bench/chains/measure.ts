import { median } from '../statistics.ts';

import type { openStage } from './stage.ts';

type Stage = Awaited<ReturnType<typeof openStage>>;

const ROUNDS = 7;
const STEPS = 40;
const FRAMES = 144;
const FRAME_MS = 500;

/** Milliseconds a step, in chains of 40 steps and in the same workflow without the kit; turn by turn. */
export async function measureSteps({ runChain, runBare }: Stage): Promise<{ chain: number; bare: number }> {
  const times = { chain: [] as number[], bare: [] as number[] };
  // The first round warms both up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const chain = await stepMs(() => runChain('steps', { steps: STEPS }));
    const bare = await stepMs(() => runBare(STEPS));
    if (round === 0) continue;
    times.chain.push(chain);
    times.bare.push(bare);
  }
  return { chain: median(times.chain), bare: median(times.bare) };
}

async function stepMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / STEPS;
}

/** The share of their time that four GPUs were idle, between the first and the last start of a chain's 144 frames of 500 ms. */
export async function measureIdle({ runChain, callsOf }: Stage): Promise<number> {
  await runChain('frames', { frames: FRAMES, ms: FRAME_MS });
  const hosts = await callsOf('sleep');
  const starts = hosts.flat().map(({ start }) => start);
  const [first, last] = [Math.min(...starts), Math.max(...starts)];
  const busyMs = hosts.flat().reduce((sum, { start, end }) => sum + Math.min(end ?? last, last) - start, 0);
  return 1 - busyMs / (hosts.length * (last - first));
}
