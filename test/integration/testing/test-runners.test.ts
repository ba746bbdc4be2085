import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../../..');
const { resolve: find } = createRequire(join(ROOT, 'package.json'));

const CHAINS = `
import { command, inParallel, pause, type ChainJob } from 'durable-queue-manager/chains';

export async function turntable({ parameters }: ChainJob<{ frames: number }>) {
  const frames = await inParallel([...Array(parameters.frames).keys()], { atMost: 4 }, (n) => command('frame', { n }));
  await pause('1 day');
  return { frames: frames.length };
}
`;

const inRunner = (importsTest: string): string => `
${importsTest}
import assert from 'node:assert/strict';
import { runChain } from 'durable-queue-manager/testing';
import { turntable } from './chains.ts';

test('renders each frame', async () => {
  const { result, commands } = await runChain(turntable, { parameters: { frames: 2 }, commands: { frame: () => null } });
  assert.deepEqual(result, { frames: 2 });
  assert.deepEqual(commands.map(({ parameters }) => parameters), [{ n: 0 }, { n: 1 }]);
}, 60_000);
`;

const JEST_CONFIG = `export default {
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['**/*.jest.ts'],
  transform: { '\\\\.ts$': [${JSON.stringify(find('@swc/jest'))}, { jsc: { parser: { syntax: 'typescript' } }, module: { type: 'es6' } }] },
};`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/durable-queue-manager'));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('package.json', '{ "type": "module" }');
  write('chains.ts', CHAINS);
  write('jest.config.js', JEST_CONFIG);
  write('turntable.jest.ts', inRunner(''));
  write(
    'turntable.node.ts',
    inRunner(
      "import { test as nodeTest } from 'node:test';\nconst test = (name: string, work: () => Promise<void>, _limit: number) => nodeTest(name, work);",
    ),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Its output, once it has ended by itself: a rejection tells the exit code. */
async function runs(args: string[]): Promise<string> {
  // Ours is a test run, too, and its variables are not for another's.
  const { NODE_TEST_CONTEXT: _, JEST_WORKER_ID: __, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: 110_000 });
  return stdout + stderr;
}

test('a test of a chain runs under node:test, and the process ends by itself', async () => {
  const tsx = join(dirname(find('tsx/package.json')), 'dist/esm/index.mjs');
  expect(await runs(['--import', tsx, '--test', 'turntable.node.ts'])).toMatch(/pass 1\b/);
}, 120_000);

test('a test of a chain runs under jest, and the process ends by itself', async () => {
  const jest = join(dirname(find('jest/package.json')), 'bin/jest.js');
  const output = await runs(['--experimental-vm-modules', jest]);
  expect(output).toContain('Tests:       1 passed');
  expect(output).not.toContain('did not exit');
}, 120_000);
