import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';
import { PNG } from 'pngjs';

import { DqmState } from '../../../lib/contract/search-attributes.ts';
import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { dqm, killAll } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

const EXAMPLES = join(__dirname, '../../../examples/chains');

let farm: ChainFarm;

beforeAll(async () => {
  const files = Object.fromEntries(
    readdirSync(EXAMPLES)
      .filter((name) => !name.endsWith('.test.ts'))
      .map((name) => [`chains/${name}`, readFileSync(join(EXAMPLES, name), 'utf8')]),
  );
  const allow = ['render_frame', 'contact_sheet', 'turntable', 'variants'];
  farm = await aChainFarm(readFileSync(join(EXAMPLES, 'index.ts'), 'utf8'), { allow, files });
}, 60_000);

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
}, 90_000);

test('variants delivers what could be rendered and tells what could not', async () => {
  const job = await farm.start(
    'variants',
    // RealityServer refuses the second angle.
    { scene: 'chair.mi', width: 32, colours: { red: { r: 1, g: 0, b: 0 } }, angles: [0, 'behind'] },
    { tasks: upload('variant.png') },
  );
  expect(await job.result()).toEqual({ delivered: ['red 0'], failed: ['red behind'] });
  expect((await farm.object('variant.png')).contentType).toBe('image/png');
}, 90_000);
