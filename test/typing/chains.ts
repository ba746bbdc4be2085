/**
 * What must not compile in a chain: `npm run check` fails when a line below one of these comments does. Nothing here is
 * ever run.
 */
import {
  approval,
  command,
  deliver,
  inParallel,
  pause,
  progress,
  type ChainJob,
  type Result,
  type Task,
} from 'durable-queue-manager/chains';

export async function parametersAreThoseOfTheMessage({ parameters }: ChainJob<{ scene: string; frames: number }>) {
  // @ts-expect-error a number has no letters
  parameters.frames.toUpperCase();
  // @ts-expect-error no such parameter
  await command('render_frame', { width: parameters.width });
}

export async function jobsAreReadOnly({ parameters, tasks, jobId }: ChainJob) {
  // @ts-expect-error without a type of their own parameters are JSON that nobody changes
  parameters['scene'] = 'chair.mi';
  // @ts-expect-error the message has said which tasks
  tasks.push({ name: 's3_upload', config: {} });
  // @ts-expect-error a text
  jobId satisfies number;
}

export async function commandsGiveReferences(tasks: readonly Task[]) {
  // @ts-expect-error parameters have names
  await command('render_frame', 'chair.mi');
  // @ts-expect-error a queue, not a host
  await command('denoise', {}, { host: 'gpu-01' });
  // @ts-expect-error bytes stay in the result store
  (await command('render_frame')).bytes satisfies unknown;
  const sheet = command('contact_sheet');
  // @ts-expect-error nobody awaited it
  await deliver(sheet, tasks);
  // @ts-expect-error nobody awaited it
  sheet.uri satisfies string;
}

export async function deliveriesAreTasks(sheet: Result) {
  // @ts-expect-error a task is a name and its config
  await deliver(sheet, ['s3_upload']);
  // @ts-expect-error without its config
  await deliver(sheet, [{ name: 's3_upload' }]);
  // @ts-expect-error no result of a command
  await deliver('s3://results/sheet.png', []);
}

export async function fansOutWithKnownOptions(angles: readonly number[]) {
  const render = (angle: number): Promise<Result> => command('render_frame', { angle });
  // @ts-expect-error the option is `atMost`
  await inParallel(angles, { atmost: 8 }, render);
  // @ts-expect-error a number
  await inParallel(angles, { atMost: '8' }, render);
  // @ts-expect-error the items are numbers
  await inParallel(['left'], {}, render);
  // @ts-expect-error the work ends some time
  await inParallel(angles, {}, (angle) => angle);
  const settled = await inParallel(angles, { settle: true }, render);
  // @ts-expect-error an outcome: look at its status first
  settled[0]!.value satisfies Result;
  const results = await inParallel(angles, { atMost: 8 }, render);
  results satisfies Result[];
}

export async function waitsHaveUnits(preview: Promise<Result>) {
  // @ts-expect-error no unit of ours
  await pause('2 weeks');
  // @ts-expect-error a number and a unit, with a blank between
  await pause('2hours');
  // @ts-expect-error the first argument says who
  await approval({ within: '2 days' });
  // @ts-expect-error approve or decline
  await approval('client', { within: '2 days', otherwise: 'approved' });
  // @ts-expect-error nobody awaited it
  await approval('client', { preview });
  // @ts-expect-error declined ones reject, so there is no decision to look at
  (await approval('client')).decision satisfies unknown;
  // @ts-expect-error a number
  progress('50 %');
}
