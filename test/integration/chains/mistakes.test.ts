import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { aFolder, dqm, killAll, startDqm } from '../../support/dqm-process.ts';

const folder = aFolder();
afterAll(async () => {
  await killAll();
  folder.remove();
});

let projects = 0;

/** A configuration with a chains module, and an engine that is not there: modules are judged before it is needed. */
function aProject(chains: string | undefined, files: Record<string, string> = {}): string {
  const name = `project-${(projects += 1)}`;
  mkdirSync(join(folder.path, name));
  if (chains !== undefined) folder.file(`${name}/index.ts`, chains);
  for (const [file, text] of Object.entries(files)) folder.file(`${name}/${file}`, text);
  return folder.file(
    `${name}/realityserver.conf`,
    `<user queue_manager>
  allow_command turntable
</user>
<user dqm>
  temporal_address 127.0.0.1:1
  data_folder data
  metrics_address 127.0.0.1:0
  chains_module ./index.ts
</user>`,
  );
}

const KIT = `import { command } from 'durable-queue-manager/chains';`;
const CHAIN = `export async function turntable() { await command('frame'); }`;

test.each<[what: string, text: string | undefined, message: RegExp]>([
  ['that is not there', undefined, /^dqm: chains_module .*index\.ts does not exist$/m],
  ['with a syntax error', `${KIT}\n\nexport const x: number = ;`, /index\.ts:3: Expression expected/],
  [
    'that throws when it is loaded',
    `${KIT}\nconst nothing: { size: number } | undefined = undefined;\nexport const size = nothing!.size;`,
    /index\.ts:3: TypeError: .*\(thrown when the chains module was loaded\)/,
  ],
  [
    'with names that differ in case',
    `${KIT}\n${CHAIN}\nexport async function Turntable() {}`,
    /Turntable and turntable differ in case alone: rename one/,
  ],
])('a chains module %s ends the job worker with what is wrong, and where', async (_what, text, message) => {
  const { exitCode, stderr } = await dqm(['worker', 'jobs', '--config', aProject(text)]);
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});

test('all imports that a chain cannot have are told at once, with the reason', async () => {
  const text = `${KIT}
import 'node:fs';
import './nowhere.ts';
import { z } from 'zod';
import { defineTask } from 'durable-queue-manager/tasks';
export { ask } from './ask.ts';
export const x = [z, defineTask];`;
  const ask = `\nimport { request } from 'http';\nexport const ask = () => request('http://a.example');`;
  const { stderr } = await dqm(['worker', 'jobs', '--config', aProject(text, { 'ask.ts': ask })]);
  expect(stderr).toMatch(/index\.ts:2: imports node:fs; chains run in a sandbox without Node/);
  expect(stderr).toMatch(/index\.ts:3: cannot find \.\/nowhere\.ts, which it imports/);
  expect(stderr).toMatch(/index\.ts:4: imports zod; schemas stay out of chains/);
  expect(stderr).toMatch(/index\.ts:5: imports durable-queue-manager\/tasks; tasks run on a job worker/);
  expect(stderr).toMatch(/ask\.ts:2: imports http; chains run in a sandbox/);
});

test('what is no chain, or can be started by nobody, is told and harms nothing', async () => {
  const text = `${KIT}\n${CHAIN}\nexport const helper = 5;\nexport default function () {}\nexport async function nobody() {}`;
  const worker = startDqm(['worker', 'jobs', '--config', aProject(text)]);
  expect(await worker.said('Chains')).toMatchObject({ names: ['nobody', 'turntable'] });
  const said = worker.lines.map(({ msg }) => msg);
  expect(said).toContain('An export is no function, so it is no chain');
  expect(said).toContain('The default export is no chain: give it a name');
  expect(said).toContain('A chain is not listed by allow_command: no message can start it');
  await worker.stop('SIGKILL');
});
