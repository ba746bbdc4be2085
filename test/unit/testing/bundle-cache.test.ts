import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import { cachedBundle } from '../../../testing/bundle-cache.ts';
import { bundleWorkflows } from '../../../workers/bundle.ts';
import { aFolder } from '../../support/dqm-process.ts';
import { silentLog } from '../../support/silent-log.ts';

const CHAIN = "import { first } from './first.ts';\nexport const frames = async () => first;\n";

const project = aFolder();
const chains = join(project.path, 'chains.ts');
let made = 0;

beforeAll(() => {
  mkdirSync(join(project.path, 'node_modules'));
  save('first.ts', "export const first = 'one';\n");
  save('chains.ts', CHAIN);
});
afterAll(() => project.remove());

/** A minute ago: what is saved in the moment in which the bundling begins is not kept. */
function save(name: string, text: string): void {
  const then = Date.now() / 1_000 - 60;
  utimesSync(project.file(name, text), then, then);
}

/** What of these the bundle holds. */
async function bundled(...texts: string[]): Promise<string[]> {
  const { code } = await cachedBundle(chains, (watch) => {
    made += 1;
    return bundleWorkflows(silentLog, { chainsModule: chains, watch });
  });
  return texts.filter((text) => code.includes(text));
}

test('a bundle is made once, and again when its module or what that imports has changed', async () => {
  const texts = ["'one'", "'two'", 'pictures'];
  expect(await bundled(...texts)).toEqual(["'one'"]);
  expect(await bundled(...texts)).toEqual(["'one'"]);
  expect(made).toBe(1);

  save('first.ts', "export const first = 'two';\n");
  expect(await bundled(...texts)).toEqual(["'two'"]);
  expect(made).toBe(2);

  save('chains.ts', CHAIN.replace('frames', 'pictures'));
  expect(await bundled(...texts)).toEqual(["'two'", 'pictures']);
  await bundled();
  expect(made).toBe(3);
});
