import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { StagedResult } from '../../../lib/contract/job-input.ts';
import type { JobView } from '../../../lib/jobs/job-view.ts';
import { workflowIdFor } from '../../../lib/contract/ids.ts';
import { DqmState } from '../../../lib/contract/search-attributes.ts';
import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { dqm, killAll } from '../../support/dqm-process.ts';
import { checkJsonLines } from '../../support/json-lines.ts';
import { until } from '../../support/until.ts';

const CHAINS = `
import { command, deliver, inParallel, pause, progress, type ChainJob } from 'durable-queue-manager/chains';

export async function turntable({ parameters, tasks }: ChainJob<{ scene: string; frames: number }>) {
  const angles = Array.from({ length: parameters.frames }, (_, n) => (n * 360) / parameters.frames);
  const frames = await inParallel(angles, { atMost: 2 }, (angle) =>
    command('render_frame', { scene: parameters.scene, angle, width: 32 }),
  );
  progress(50, 'all frames are there');
  await pause('50 ms');
  const list = await command('echo', { frames });
  await deliver(list, tasks);
  return list;
}

export async function sizes({ parameters }: ChainJob<{ text: string }>) {
  return { characters: parameters.text.length };
}

export async function repair({ tasks }: ChainJob) {
  const frames = await inParallel([1, 2, 3], { atMost: 3 }, (seed) => command('big_result', { bytes: 100, seed, mark: 'repair' }));
  await deliver(frames[0]!, tasks);
  return command('echo', { frames });
}

/** Named as a command of RealityServer. */
export async function sleep({ parameters }: ChainJob) {
  return { slept: (await command('sleep', parameters)).mimeType };
}

/** Never comes to rest. */
export async function loops() {
  for (let number = 0; ; number += 1) if (number < 0) return;
}

export const helper = 5;

/** Its last command is one that RealityServer does not know. */
export async function unfinished() {
  for (const angle of [0, 90]) await command('echo', { angle });
  await command('helper');
}
`;

let farm: ChainFarm;

beforeAll(async () => {
  farm = await aChainFarm(CHAINS, {
    allow: ['render_frame', 'turntable', 'sizes', 'repair', 'loops', 'unfinished', 'toString', 'helper'],
  });
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const submit = async (body: Record<string, unknown>): Promise<string> => {
  const jobId = randomUUID();
  const answer = await dqm(['submit', '--config', farm.configFile, '--queue', 'local', '-'], {
    input: JSON.stringify({ ...body, dqm: { job_id: jobId } }),
  });
  expect(answer).toMatchObject({ exitCode: 0 });
  return workflowIdFor('local', jobId);
};

const jobPage = async (workflowId: string): Promise<string> =>
  (await dqm(['job', workflowId, '--config', farm.configFile])).stdout;

async function partialResults(workflowId: string): Promise<JobView['partial_results']> {
  const { stdout } = await dqm(['job', workflowId, '--json', '--config', farm.configFile]);
  const [job] = checkJsonLines('job', stdout) as JobView[];
  return job?.partial_results ?? [];
}

test('a message that names a chain runs its commands on the render host and delivers what it passes to deliver', async () => {
  const workflowId = await submit({
    command: 'turntable',
    parameters: { scene: 'chair.mi', frames: 4 },
    tasks: [{ name: 's3_upload', config: { bucket: farm.bucket, key: 'turntable/${job_id}.${mime_ext}' } }],
  });
  const job = farm.engine.client.workflow.getHandle(workflowId);
  const list = (await job.result()) as StagedResult;
  expect(list.mimeType).toBe('application/json');
  const frames = await farm.calls('render_frame');
  const angles = frames.map(({ body }) => (JSON.parse(body) as { params: { angle: number } }).params.angle);
  expect(new Set(angles)).toEqual(new Set([0, 90, 180, 270]));
  const jobId = workflowId.slice('job/local/'.length);
  const delivered = JSON.parse((await farm.object(`turntable/${jobId}.json`)).bytes.toString()) as { frames: string[] };
  // RealityServer was given something it can open for each result that the chain passed on.
  expect(delivered.frames).toHaveLength(4);
  for (const path of delivered.frames) expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG');
  expect((await job.describe()).typedSearchAttributes.get(DqmState)).toBe('completed');
});

test('the parameters of a large message come to the chain out of the result store', async () => {
  const workflowId = await submit({ command: 'sizes', parameters: { text: 'x'.repeat(300_000) } });
  expect(await farm.engine.client.workflow.getHandle(workflowId).result()).toEqual({ characters: 300_000 });
});

test('dqm retry of a failed chain runs the commands that are missing, and delivers nothing twice', async () => {
  await farm.simulate('sim_faults', { command: 'echo', kind: 'error_code', message: 'no paper', times: 3 });
  const postback = { name: 'http_post', config: { postback_uri: `${farm.postbackUrl}repair` } };
  const workflowId = await submit({ command: 'repair', parameters: {}, tasks: [postback] });
  const job = farm.engine.client.workflow.getHandle(workflowId);
  await expect(job.result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/^echo \(command 4\): .*no paper/) as string },
  });
  const answer = await dqm(['retry', workflowId, '--yes', '--config', farm.configFile]);
  expect(answer).toMatchObject({ exitCode: 0 });
  await farm.engine.client.workflow.getHandle(workflowId).result();
  const rendered = (await farm.calls('big_result')).filter(({ body }) => body.includes('repair'));
  expect(rendered).toHaveLength(3);
  expect(farm.posts.filter(({ path }) => path === '/repair')).toHaveLength(1);
  // Of the failed run three, which visibility knows a moment after the engine.
  const steps = await until(async () => {
    const results = await partialResults(workflowId);
    return results.length === 4 && results.map(({ step, summary }) => `${step} ${summary.split(' ')[0]}`);
  });
  expect(steps).toEqual(['0 big_result', '1 big_result', '2 big_result', '3 echo']);
});

test('dqm job of a failed chain lists what its commands have staged, and tells its commands apart', async () => {
  const workflowId = await submit({ command: 'unfinished' });
  await expect(farm.engine.client.workflow.getHandle(workflowId).result()).rejects.toThrow('Workflow execution failed');
  expect(await partialResults(workflowId)).toMatchObject([
    { step: 0, summary: 'echo {"angle":0}', mime_type: 'application/json' },
    { step: 1, summary: 'echo {"angle":90}', mime_type: 'application/json' },
  ]);
  const page = await jobPage(workflowId);
  expect(page).toMatch(/Partial results\n +STEP +COMMAND +TYPE +SIZE.*\n +0 +echo \{"angle":0\} +application\/json/);
  expect(page).toContain('echo {"angle":90}: started on gpu-01, attempt 1');
  expect(page).toMatch(/echo \{"angle":90\}: staged: application\/json, \d+ bytes/);
  expect(page).toMatch(/helper: command failed: .*Unknown command/);
  const bytes = await dqm(['result', workflowId, '--step', '1', '-o', '-', '--config', farm.configFile]);
  expect(JSON.parse(bytes.stdout)).toMatchObject({ angle: 90 });
});

test('a chain wins over the command that has its name, and calls it', async () => {
  const workflowId = await submit({ command: 'sleep', parameters: { ms: 1 } });
  expect(await farm.engine.client.workflow.getHandle(workflowId).result()).toEqual({ slept: 'application/json' });
  expect(await farm.calls('sleep')).toHaveLength(1);
  expect(await farm.up.said('Chains')).toMatchObject({ note: expect.stringContaining('wins') as string });
});

test('a chain that loops for ever fails with the line of the loop', async () => {
  const workflowId = await submit({ command: 'loops' });
  await expect(farm.engine.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
    cause: {
      type: 'CommandFailed',
      message: expect.stringMatching(/^loops threw Error: a loop has turned .* \(.*chains\/index\.ts:33\)/) as string,
    },
  });
});

test.each(['toString', 'helper'])('%s is no chain, whatever the module exports', async (name) => {
  const job = await farm.start(name, {});
  // It goes to RealityServer as any command, which does not know it.
  await expect(job.result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('Unknown command') as string },
  });
});
