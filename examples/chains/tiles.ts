import { command, deliver, inParallel, progress, type ChainJob } from 'durable-queue-manager/chains';

interface Parameters {
  scene: string;
  /** Pixels of the whole picture. */
  width: number;
  height: number;
  /** Pixels of a tile's side, at most. */
  tile: number;
}

/** A picture too large for one render: its tiles on as many GPUs as there are, put together by a command. */
export async function tiles({ parameters, tasks }: ChainJob<Parameters>) {
  const { scene, width, height } = parameters;
  const parts = partsOf(parameters);
  let done = 0;
  const rendered = await inParallel(parts, { atMost: 16 }, async (part) => {
    const picture = await command('render_frame', { scene, width, height, part });
    done += 1;
    progress((95 * done) / parts.length, `${done} of ${parts.length} tiles`);
    return { picture, x: part.x, y: part.y };
  });
  const whole = await command('join_tiles', { width, height, tiles: rendered });
  await deliver(whole, tasks);
  return whole;
}

/** Row by row; those at the right and at the bottom are what is left. */
function partsOf({ width, height, tile }: Parameters) {
  const starts = (length: number) => Array.from({ length: Math.ceil(length / tile) }, (_, n) => n * tile);
  return starts(height).flatMap((y) =>
    starts(width).map((x) => ({ x, y, width: Math.min(tile, width - x), height: Math.min(tile, height - y) })),
  );
}
