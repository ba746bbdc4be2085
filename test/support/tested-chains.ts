import { workflowInfo } from '@temporalio/workflow';
import { approval, command, deliver, inParallel, pause, type ChainJob } from 'durable-queue-manager/chains';

/** Chains for the tests of the test kit. */
export async function frames({ parameters, tasks }: ChainJob<{ angles: number[] }>) {
  const rendered = await inParallel(parameters.angles, { atMost: 8 }, (angle) => command('frame', { angle }));
  const sheet = await command('sheet', { frames: rendered }, { queue: 'cpu' });
  await deliver(sheet, tasks);
  return sheet;
}

export async function waits() {
  const began = Date.now();
  await Promise.all([pause('3 days'), pause('1 hour').then(() => command('frame', { after: '1 hour' }))]);
  return Math.round((Date.now() - began) / 3_600_000);
}

export const asks = async ({ parameters }: ChainJob<{ otherwise?: 'approve' }>) =>
  approval('art director', { preview: await command('sheet'), within: '2 days', ...parameters });

export const asksForEver = () => approval('art director');

/** Reads what is another thing when the chain runs again. */
export async function looksAtTheEngine() {
  if (workflowInfo().unsafe.isReplaying) await command('sheet');
  return command('frame');
}

export async function neverRests() {
  for (;;);
}

export const holder = { hidden: async () => command('frame') };
