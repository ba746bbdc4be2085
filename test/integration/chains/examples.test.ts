import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';
import { PNG } from 'pngjs';

import { DqmState } from '../../../lib/contract/search-attributes.ts';
import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { startSimulatorProcess, type SimulatorProcess } from '../../../lib/servers/simulator.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

const EXAMPLES = join(__dirname, '../../../examples/chains');

const CHAINS = ['turntable', 'variants', 'tiles', 'denoise_then_deliver'];

let farm: ChainFarm;

beforeAll(async () => {
  const files = Object.fromEntries(
    readdirSync(EXAMPLES)
      .filter((name) => !name.endsWith('.test.ts'))
      .map((name) => [`chains/${name}`, readFileSync(join(EXAMPLES, name), 'utf8')]),
  );
  const allow = [...CHAINS, 'render_frame', 'contact_sheet', 'join_tiles', 'denoise'];
  const dqmLines = ['<user command>', 'name denoise', 'attempts 1', '</user>'];
  farm = await aChainFarm(readFileSync(join(EXAMPLES, 'index.ts'), 'utf8'), { allow, files, dqm: dqmLines });
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const upload = (key: string) => [{ name: 's3_upload', config: { bucket: farm.bucket, key } }];

const stateOf = async (job: WorkflowHandle) => (await job.describe()).typedSearchAttributes.get(DqmState);

test('turntable renders its frames, asks for an approval and delivers the contact sheet', async () => {
  const job = await farm.start(
    'turntable',
    { scene: 'chair.mi', frames: 9, width: 64 },
    { tasks: upload('turntable.png') },
  );
  await until(async () => (await stateOf(job)) === 'approval');
  expect(await dqm(['approve', job.workflowId, '--config', farm.configFile])).toMatchObject({ exitCode: 0 });
  await job.result();
  const { bytes } = await farm.object('turntable.png');
  expect(PNG.sync.read(bytes)).toMatchObject({ width: 3 * 68 + 4, height: 3 * 40 + 4 });
});

test('variants delivers what could be rendered and tells what could not', async () => {
  const job = await farm.start(
    'variants',
    // RealityServer refuses the second angle.
    { scene: 'chair.mi', width: 32, colours: { red: { r: 1, g: 0, b: 0 } }, angles: [0, 'behind'] },
    { tasks: upload('variant.png') },
  );
  expect(await job.result()).toEqual({ delivered: ['red 0'], failed: ['red behind'] });
  expect((await farm.object('variant.png')).contentType).toBe('image/png');
});

test('tiles gives the very picture that one render would have given', async () => {
  const picture = { scene: 'chair.mi', width: 80, height: 50 };
  const job = await farm.start('tiles', { ...picture, tile: 32 }, { tasks: upload('tiles.png') });
  await job.result();
  const single = await farm.start('render_frame', picture, { tasks: upload('whole.png') });
  await single.result();
  const [tiled, whole] = [await farm.object('tiles.png'), await farm.object('whole.png')];
  expect(PNG.sync.read(tiled.bytes).data.equals(PNG.sync.read(whole.bytes).data)).toBe(true);
  expect((await farm.calls('render_frame')).filter(({ body }) => body.includes('"part"'))).toHaveLength(6);
});

describe('denoise_then_deliver', () => {
  let denoiser: SimulatorProcess;
  beforeAll(async () => {
    denoiser = await startSimulatorProcess({ env: process.env });
  });
  afterAll(() => denoiser?.stop());

  /** A host of the other queue, with a file of its own. */
  const aDenoiser = (dqmLines: string[] = []): DqmProcess =>
    startDqm([
      'worker',
      'gpu',
      '--config',
      farm.config('denoisers.conf', {
        listenQueue: 'denoisers',
        host: 'cpu-01',
        data: 'denoisers',
        realityServer: denoiser.url,
        allow: ['denoise'],
        dqm: [
          `result_store file://${farm.folder.path}/data/results`,
          '<user queue>',
          'name denoisers',
          '</user>',
          ...dqmLines,
        ],
      }),
    ]);
  const denoised = () => farm.calls('denoise', denoiser.url);
  const rendered = async () => (await farm.calls('render_frame')).filter(({ body }) => body.includes('knot'));

  test('denoises on a host of another queue by what both files say of the command, and delivers what that gave', async () => {
    const message = {
      command: 'denoise_then_deliver',
      parameters: { scene: 'knot', width: 32 },
      tasks: upload('clean.png'),
    };
    await dqm(['submit', '--queue', 'local', '--job-id', 'knot', '--config', farm.configFile, '-'], {
      input: JSON.stringify(message),
    });
    const job = farm.engine.client.workflow.getHandle('job/local/knot');
    await until(async () => (await rendered())[0]?.end);
    expect(await denoised()).toEqual([]);

    // Its own file wants another type; the job worker's grants a single attempt.
    const strict = aDenoiser(['<user command>', 'name denoise', 'expect_type image/jpeg', '</user>']);
    await expect(job.result()).rejects.toMatchObject({
      cause: {
        type: 'UnexpectedResult',
        message: expect.stringMatching(/^denoise \(command 2\): .*image\/jpeg/) as string,
      },
    });
    expect(await denoised()).toHaveLength(1);
    await strict.stop();

    aDenoiser();
    expect(await dqm(['retry', job.workflowId, '--yes', '--config', farm.configFile])).toMatchObject({ exitCode: 0 });
    await farm.engine.client.workflow.getHandle(job.workflowId).result();
    expect(await denoised()).toHaveLength(2);
    expect(await rendered()).toHaveLength(1);
    expect(await farm.calls('denoise')).toEqual([]);
    expect((await farm.object('clean.png')).contentType).toBe('image/png');
  });
});
