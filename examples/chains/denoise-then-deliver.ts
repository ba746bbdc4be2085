import { command, deliver, type ChainJob } from 'durable-queue-manager/chains';

/** Rendered on the job's own queue, denoised on another one: the GPU that renders goes on with the next job meanwhile. */
export async function denoise_then_deliver({ parameters, tasks }: ChainJob<{ scene: string; width: number }>) {
  const noisy = await command('render_frame', parameters);
  const clean = await command('denoise', { picture: noisy }, { queue: 'denoisers' });
  await deliver(clean, tasks);
  return clean;
}
