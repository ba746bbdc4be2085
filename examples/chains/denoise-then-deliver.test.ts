import { runChain } from 'durable-queue-manager/testing';

import { denoise_then_deliver } from './denoise-then-deliver.ts';

test('what was denoised is delivered, and denoising holds no GPU', async () => {
  const run = await runChain(denoise_then_deliver, {
    parameters: { scene: 'chair.mi', width: 64 },
    tasks: [{ name: 's3_upload', config: { bucket: 'results', key: 'chair.png' } }],
    commands: {
      render_frame: () => Buffer.from('noisy'),
      denoise: () => Buffer.from('clean'),
    },
  });
  expect(run.commands.map(({ name, queue }) => [name, queue])).toEqual([
    ['render_frame', 'test'],
    ['denoise', 'denoisers'],
  ]);
  expect(run.deliveries.map(({ result }) => Buffer.from(run.bytesOf(result)).toString())).toEqual(['clean']);
});
