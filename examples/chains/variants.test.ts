import { runChain } from 'durable-queue-manager/testing';

import { variants } from './variants.ts';

const RED = { r: 1, g: 0, b: 0 };
const BLUE = { r: 0, g: 0, b: 1 };

test('variants deliver what was rendered and tell what was not', async () => {
  const { result, deliveries } = await runChain(variants, {
    parameters: { scene: 'chair.mi', width: 64, colours: { red: RED, blue: BLUE }, angles: [0, 90] },
    tasks: [{ name: 's3_upload', config: { bucket: 'results', key: 'chair.png' } }],
    commands: {
      render_product: ({ tint, angle }: { tint: typeof RED; angle: number }) => {
        if (tint.b === 1 && angle === 90) throw new Error('no light');
        return new Uint8Array();
      },
    },
  });
  expect(result).toEqual({ delivered: ['red 0', 'red 90', 'blue 0'], failed: ['blue 90'] });
  expect(deliveries).toHaveLength(3);
});
