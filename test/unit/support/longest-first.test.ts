import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { evaluate } from '../scripts/run-script.ts';

const SEQUENCER = pathToFileURL(join(__dirname, '../../support/longest-first.mjs')).href;
const FILES = {
  'plain.test.ts': "test('is quick', () => {}, 250);",
  'own.test.ts': "test('takes its time', async () => {\n}, 120_000);\n",
  'all.test.ts': 'jest.setTimeout(90_000);\nsetTimeout(look, 900_000);\n',
  'servers.test.ts': "test('asks the engine', async () => {});",
};

const folder = mkdtempSync(join(tmpdir(), 'dqm-order-'));
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
afterAll(() => rmSync(folder, { recursive: true }));

/** The names in the order in which Jest would begin them; `took` is what it knows of earlier runs, in milliseconds. */
async function order(took: Partial<Record<keyof typeof FILES, number>>): Promise<string[]> {
  const code = `
import LongestFirst from '${SEQUENCER}';
const took = ${JSON.stringify(took)};
class Sequencer extends LongestFirst {
  time({ name }) { return took[name]; }
  hasFailed() { return false; }
}
const contextOf = (name) => ({
  hasteFS: { getSize: () => 1 },
  config: name === 'servers.test.ts' ? { globalSetup: 'servers-all.ts' } : {},
});
const tests = ${JSON.stringify(Object.keys(FILES))}.map((name) => ({ name, path: ${JSON.stringify(folder)} + '/' + name, context: contextOf(name) }));
console.log(JSON.stringify(new Sequencer().sort(tests).map(({ name }) => name)));`;
  return JSON.parse(await evaluate(code)) as string[];
}

test('in a fresh clone the files whose tests may take longest begin first', async () => {
  expect(await order({})).toEqual(['own.test.ts', 'all.test.ts', 'servers.test.ts', 'plain.test.ts']);
});

test('where each was run before, those that took longest begin first', async () => {
  const took = { 'plain.test.ts': 9, 'own.test.ts': 1, 'all.test.ts': 5, 'servers.test.ts': 7 };
  expect(await order(took)).toEqual(['plain.test.ts', 'servers.test.ts', 'all.test.ts', 'own.test.ts']);
});

test('one that was never run is placed by what its tests may take', async () => {
  expect(await order({ 'plain.test.ts': 9, 'own.test.ts': 1 })).toEqual([
    'own.test.ts',
    'all.test.ts',
    'servers.test.ts',
    'plain.test.ts',
  ]);
});
