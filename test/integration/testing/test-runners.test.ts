import { aUserProject, type UserProject } from '../../support/a-user-project.ts';

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
});
`;

const JEST_CONFIG = `export default {
  testTimeout: 100_000,
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['**/*.jest.ts'],
  transform: { '\\\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' } }, module: { type: 'es6' } }] },
};`;

let project: UserProject;

beforeAll(() => {
  project = aUserProject({
    'chains.ts': CHAINS,
    'jest.config.js': JEST_CONFIG,
    'turntable.jest.ts': inRunner(''),
    'turntable.node.ts': inRunner("import { test } from 'node:test';"),
    'vitest.config.js': "export default { test: { include: ['*.vitest.ts', '*.imports.ts'], testTimeout: 100_000 } };",
    'turntable.vitest.ts': inRunner(''),
    'turntable.imports.ts': `import { afterAll, test } from 'vitest';
import { closeTestEngine } from 'durable-queue-manager/testing';
afterAll(closeTestEngine);${inRunner('')}`,
  });
});

afterAll(() => project.remove());

test('a test of a chain runs under node:test, and the process ends by itself', async () => {
  expect(await project.node('--import', 'tsx', '--test', 'turntable.node.ts')).toMatch(/pass 1\b/);
});

test('a test of a chain runs under jest, and the process ends by itself', async () => {
  const output = await project.node('--experimental-vm-modules', 'node_modules/jest/bin/jest.js');
  expect(output).toContain('Tests:       1 passed');
  expect(output).not.toContain('did not exit');
});

test.each([
  ['with globals', ['turntable.vitest.ts', '--globals']],
  ['without them', ['turntable.imports.ts']],
])('a test of a chain runs under vitest %s, and the process ends by itself', async (_how, args) => {
  const output = await project.node('node_modules/vitest/vitest.mjs', 'run', ...args);
  expect(output).toMatch(/Tests .*1 passed/);
  expect(output).not.toMatch(/close timed out|hanging/);
});
