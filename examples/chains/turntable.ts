import { approval, command, deliver, inParallel, progress, type ChainJob } from 'durable-queue-manager/chains';

/** A scene from all sides, and a contact sheet that is delivered once the art director has approved it. */
export async function turntable({ parameters, tasks }: ChainJob<{ scene: string; frames: number; width: number }>) {
  const { scene, width } = parameters;
  const angles = Array.from({ length: parameters.frames }, (_, n) => (n * 360) / parameters.frames);
  const frames = await inParallel(angles, { atMost: 8 }, (angle) => command('render_frame', { scene, width, angle }));
  progress(90, 'all frames are rendered');
  const sheet = await command('contact_sheet', { frames });
  await approval('art director', { preview: sheet, within: '2 days' });
  await deliver(sheet, tasks);
  return sheet;
}
