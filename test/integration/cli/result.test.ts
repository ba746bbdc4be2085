import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { JobView } from '../../../lib/jobs/job-view.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { aFolder, dqm, killAll, startDqm } from '../../support/dqm-process.ts';

let farm: Farm;
let config: string;
const here = aFolder();

beforeAll(async () => {
  farm = await aFarm();
  config = farm.config('up.conf');
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');
  // Its bucket is not there: at night the picture is wanted all the same.
  const tasks = [{ name: 's3_upload', config: { bucket: `${farm.bucket}-closed`, key: 'chair.png' } }];
  const body = JSON.stringify({ command: 'render_product', parameters: { width: 64 }, tasks });
  await dqm(['submit', '--config', config, '--queue', 'local', '--job-id', 'chair-1', '-'], { input: body });
  const broken = JSON.stringify({ command: 'fault', parameters: { kind: 'error_code', message: 'no such scene' } });
  await dqm(['submit', '--config', config, '--queue', 'local', '--job-id', 'broken', '-'], { input: broken });
  for (const id of ['chair-1', 'broken'])
    await farm.engine.client.workflow
      .getHandle(`job/local/${id}`)
      .result()
      .catch(() => undefined);
});

afterAll(async () => {
  await killAll();
  await farm?.close();
  here.remove();
});

const run = (...args: string[]) => dqm(['result', ...args, '--config', config], { cwd: here.path });
const shaOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('the picture of a failed delivery is written to a file, whole', async () => {
  const { stdout } = await run('chair-1', '--json');
  const told = JSON.parse(stdout) as { file: string; sha256: string; mime_type: string };
  expect(told).toMatchObject({ file: 'chair-1.png', mime_type: 'image/png' });
  expect(shaOf(readFileSync(`${here.path}/chair-1.png`))).toBe(told.sha256);
  const again = await run('chair-1');
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('chair-1.png is there already') });
  expect((await run('chair-1', '--step', '0', '-o', 'other.png')).exitCode).toBe(0);
  expect(readFileSync(`${here.path}/other.png`)).toEqual(readFileSync(`${here.path}/chair-1.png`));
});

test('a job without a result says why', async () => {
  const { exitCode, stderr } = await run('broken');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('job/local/broken is failed, it has no result');
  expect(stderr).toContain('no such scene');
  expect((await run('chair-1', '--step', '7')).stderr).toContain('step 7 has no result');
  expect((await run('chair-1', '--step', 'x')).exitCode).toBe(2);
});

test('bytes that are not those it was published with are never written', async () => {
  const shown = await dqm(['job', 'chair-1', '--config', config, '--json']);
  const { result } = JSON.parse(shown.stdout) as JobView;
  writeFileSync(fileURLToPath(result?.uri ?? ''), 'damaged');
  const { exitCode, stderr } = await run('chair-1', '-o', 'damaged.png');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/gone from the result store|no longer holds the bytes/);
  expect(readdirSync(here.path)).not.toContain('damaged.png');
  expect(readdirSync(here.path)).not.toContain('damaged.png.part');
});
