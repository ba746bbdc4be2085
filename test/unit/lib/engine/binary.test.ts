import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEngine, type EngineDownload } from '../../../../lib/engine/binary.ts';
import { silentLog } from '../../../support/silent-log.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqm-binary-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function anExecutable(path: string, script = 'exit 0'): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const works: EngineDownload = {
  source: 'good.example',
  download: (into) => anExecutable(join(into, 'inner/temporal')),
};
const broken: EngineDownload = {
  source: 'half.example',
  download: (into) => anExecutable(join(into, 'temporal'), 'exit 1'),
};
const fails: EngineDownload = {
  source: 'away.example',
  download: () => Promise.reject(new Error('Command failed: get it\nno route to away.example\n')),
};

const find = (env: NodeJS.ProcessEnv, ...downloads: EngineDownload[]): Promise<string> =>
  findEngine({ env, log: silentLog, cache: join(folder, 'cache'), downloads });

test('the executable that TEMPORAL_CLI_PATH names comes before one on PATH', async () => {
  const named = await anExecutable(join(folder, 'named'));
  await anExecutable(join(folder, 'bin/temporal'));
  expect(await find({ TEMPORAL_CLI_PATH: named, PATH: join(folder, 'bin') })).toBe(named);
});

test('a TEMPORAL_CLI_PATH that names nothing is a mistake, not a reason to download', async () => {
  const missing = join(folder, 'missing');
  await expect(find({ TEMPORAL_CLI_PATH: missing }, works)).rejects.toThrow(`TEMPORAL_CLI_PATH names ${missing}`);
});

test('one on PATH comes before the cache', async () => {
  await find({}, works);
  const installed = await anExecutable(join(folder, 'bin/temporal'));
  expect(await find({ PATH: `/nowhere:${join(folder, 'bin')}` })).toBe(installed);
});

test('a download is kept: the next look needs none', async () => {
  const downloaded = await find({}, works);
  expect(await find({}, fails)).toBe(downloaded);
});

test('what one source cannot give, the next one gives, and nothing else stays in the cache', async () => {
  const downloaded = await find({}, fails, broken, works);
  expect([downloaded]).toEqual((await readdir(join(folder, 'cache'))).map((name) => join(folder, 'cache', name)));
});

test('when no source gives a working one, one line says what failed and what to do', async () => {
  const failure = await find({}, fails, broken).catch((error: Error) => error.message);
  expect(failure).toMatch(
    /^no Temporal CLI here, and none to download \(away\.example: no route to away\.example; half\.example: [^\n]+\): install it from \S+, or name it in TEMPORAL_CLI_PATH$/,
  );
  expect(await readdir(join(folder, 'cache'))).toEqual([]);
});
