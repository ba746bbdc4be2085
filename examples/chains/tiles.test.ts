import { runChain } from 'durable-queue-manager/testing';

import { tiles } from './tiles.ts';

test('tiles cover the picture, and each is put where it belongs', async () => {
  const { commands } = await runChain(tiles, {
    parameters: { scene: 'chair.mi', width: 250, height: 100, tile: 100 },
    commands: { render_frame: () => new Uint8Array(), join_tiles: () => new Uint8Array() },
  });
  expect(commands.slice(0, 3).map(({ parameters }) => (parameters as { part: unknown }).part)).toEqual([
    { x: 0, y: 0, width: 100, height: 100 },
    { x: 100, y: 0, width: 100, height: 100 },
    { x: 200, y: 0, width: 50, height: 100 },
  ]);
  expect(commands.at(-1)).toMatchObject({
    name: 'join_tiles',
    parameters: { width: 250, height: 100, tiles: [{ x: 0 }, { x: 100 }, { x: 200 }] },
  });
});
