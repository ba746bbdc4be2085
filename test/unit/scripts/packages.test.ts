import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScript } from './run-script.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqm-packages-'));
  await mkdir(join(folder, 'node_modules'));
});
afterEach(() => rm(folder, { recursive: true }));

const WANTED = {
  '': { name: 'ourselves' },
  'node_modules/zod': { version: '4.6.7' },
  'node_modules/for-another-machine': { version: '1.0.0', optional: true },
};

async function arePackagesInstalled(installed?: Record<string, { version: string }>): Promise<unknown> {
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: WANTED }));
  if (installed)
    await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
  return runScript('scripts/packages.mjs', 'arePackagesInstalled', folder);
}

test('a clone without packages needs them', async () => {
  expect(await arePackagesInstalled()).toBe(false);
});

test('what the lock file says is enough, without packages for other machines', async () => {
  expect(await arePackagesInstalled({ 'node_modules/zod': { version: '4.6.7' } })).toBe(true);
});

test.each([
  ['another version', { 'node_modules/zod': { version: '4.6.6' } }],
  ['a missing one', {}],
  ['one too many', { 'node_modules/zod': { version: '4.6.7' }, 'node_modules/left-over': { version: '1.0.0' } }],
])('%s is installed anew', async (_what, installed) => {
  expect(await arePackagesInstalled(installed)).toBe(false);
});
