import { command, inParallel, type ChainJob } from '../../workflows/chains/index.ts';

export async function steps({ parameters }: ChainJob<{ steps: number }>): Promise<void> {
  for (let step = 0; step < parameters.steps; step += 1) await command('echo', { step });
}

export async function frames({ parameters: { frames, ms } }: ChainJob<{ frames: number; ms: number }>): Promise<void> {
  const numbers = Array.from({ length: frames }, (_, number) => number);
  await inParallel(numbers, { atMost: 16 }, (frame) => command('sleep', { ms, frame }));
}
