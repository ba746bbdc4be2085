import { command, deliver, inParallel, type ChainJob } from 'durable-queue-manager/chains';

interface Colour {
  r: number;
  g: number;
  b: number;
}

interface Parameters {
  scene: string;
  width: number;
  /** From 0 to 1, by name. */
  colours: Record<string, Colour>;
  angles: number[];
}

/** Each colour from each angle. What cannot be rendered is told, and keeps nothing else from being delivered. */
export async function variants({ parameters, tasks }: ChainJob<Parameters>) {
  const { scene, width, colours, angles } = parameters;
  const wanted = Object.entries(colours).flatMap(([colour, tint]) => angles.map((angle) => ({ colour, tint, angle })));
  const outcomes = await inParallel(wanted, { atMost: 8, settle: true }, ({ tint, angle }) =>
    command('render_product', { scene, width, tint, angle }),
  );
  const delivered: string[] = [];
  const failed: string[] = [];
  for (const [index, { colour, angle }] of wanted.entries()) {
    const outcome = outcomes[index];
    if (outcome?.status === 'fulfilled') {
      await deliver(outcome.value, tasks);
      delivered.push(`${colour} ${angle}`);
    } else failed.push(`${colour} ${angle}`);
  }
  return { delivered, failed };
}
