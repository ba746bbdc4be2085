import { codeBlocks, type CodeBlock } from '../../support/code-blocks.ts';
import { aUserProject, TYPESCRIPT, type UserProject } from '../../support/a-user-project.ts';
import { dqm } from '../../support/dqm-process.ts';

const blocks = codeBlocks('chains.md');
const files = blocks.filter(({ file }) => file !== undefined);
/** TypeScript that stands in no file of its own stands inside of a chain. */
const fragments = blocks.filter(({ file, language }) => language === 'ts' && file === undefined);

let project: UserProject;

beforeAll(() => {
  project = aUserProject();
  for (const { file = '', text } of files) project.write(file, text);
  project.write('chains/fragments.ts', CHAINS_OF_FRAGMENTS);
  project.write('chains/fragments.test.ts', TEST_OF_FRAGMENTS);
});

afterAll(() => project.remove());

const nameOf = ({ line }: CodeBlock): string => `line_${line}`;

const isImport = (line: string): boolean => line.startsWith('import ');

/** What a fragment takes for granted: the kit, and a contact sheet. */
const CHAINS_OF_FRAGMENTS = `
import { approval, command, deliver, inParallel, pause, progress, type ChainJob } from 'durable-queue-manager/chains';
${fragments.flatMap(({ text }) => text.split('\n').filter(isImport)).join('\n')}
${fragments.map(chainAround).join('\n')}
`;

function chainAround(fragment: CodeBlock): string {
  const lines = fragment.text.split('\n').filter((line) => !isImport(line));
  return `
export async function ${nameOf(fragment)}({ parameters, tasks }: ChainJob<{ scene: string }>) {
  let sheet = await command('contact_sheet', parameters);
  ${lines.join('\n')}
  return sheet;
}`;
}

const TEST_OF_FRAGMENTS = `
import { test } from 'node:test';
import { runChain } from 'durable-queue-manager/testing';
import { ${fragments.map(nameOf).join(', ')} } from './fragments.ts';

const options = {
  parameters: { scene: 'chair.mi' },
  commands: { contact_sheet: () => null, denoise: () => null },
  approve: () => 'approved' as const,
};
${fragments.map((each) => `test('${nameOf(each)}', async () => void (await runChain(${nameOf(each)}, options)));`).join('\n')}
`;

test('the page holds a first chain, its test, its configuration and its message', () => {
  const names = files.map(({ file }) => file);
  for (const name of [
    'chains/index.ts',
    'chains/turntable.test.ts',
    'tsconfig.json',
    'realityserver.conf',
    'turntable.json',
  ])
    expect(names).toContain(name);
  expect(fragments.length).toBeGreaterThan(1);
});

test.each([
  ['the settings that it gives', []],
  ['declarations, as a library of chains has them', ['--declaration']],
])('all of its code compiles with %s', async (_what, more) => {
  expect(await project.node(TYPESCRIPT, ...more)).toBe('');
});

test('its test passes, and what stands inside of a chain runs', async () => {
  const tests = ['chains/turntable.test.ts', 'chains/fragments.test.ts'];
  const output = await project.node('--import', 'tsx', '--test', ...tests);
  expect(output).toMatch(new RegExp(`pass ${fragments.length + 1}\\b`));
});

test('its configuration has no mistakes, and takes its message', async () => {
  const { exitCode, stdout, stderr } = await dqm(['check', 'turntable.json'], { cwd: project.path });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('turntable.json');
});
