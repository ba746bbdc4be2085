import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { aFolder, dqm } from '../../support/dqm-process.ts';

const folder = aFolder();
afterAll(() => folder.remove());

/** A project as users have it: chains, schemas, zod in its own node_modules. Gives its configuration. */
function aProject(name: string, parameters: string): string {
  mkdirSync(join(folder.path, name, 'chains'), { recursive: true });
  mkdirSync(join(folder.path, name, 'node_modules'));
  symlinkSync(join(__dirname, '../../../node_modules/zod'), join(folder.path, name, 'node_modules/zod'));
  folder.file(`${name}/package.json`, '{ "type": "module" }');
  folder.file(`${name}/chains/limits.ts`, 'export const most: number = 720;');
  folder.file(`${name}/chains/parameters.ts`, parameters);
  return folder.file(
    `${name}/realityserver.conf`,
    `<user queue_manager>
  allow_command turntable
  allow_command render_frame
</user>
<user dqm>
  chains_module ./chains/index.ts
  <user queue>
    name local
  </user>
</user>`,
  );
}

const SCHEMA = `import { z } from 'zod';
import { most } from './limits.ts';
export const turntable = z.object({ scene: z.string(), frames: z.number().int().min(1).max(most), looks: z.array(z.string()).optional() });
`;

const check = async (config: string, body: unknown) => {
  const message = folder.file('message.json', JSON.stringify(body));
  const { exitCode, stdout, stderr } = await dqm(['check', message, '--config', config, '--json']);
  return {
    exitCode,
    stderr,
    error: (JSON.parse(stdout || '{}') as { error?: { type: string; message: string } }).error,
  };
};

describe('parameters of a chain are checked before its job starts:', () => {
  let config: string;
  beforeAll(() => {
    config = aProject('checked', SCHEMA);
  });

  test.each<[what: string, parameters: unknown, message: RegExp]>([
    ['a wrong type', { scene: 'a', frames: '12' }, /^parameters\.frames: .*number/],
    [
      'out of bounds, by a limit that another module exports',
      { scene: 'a', frames: 721 },
      /^parameters\.frames: .*720/,
    ],
    ['a missing one', { frames: 1 }, /^parameters\.scene: /],
    ['a wrong one in a list', { scene: 'a', frames: 1, looks: ['x', 7] }, /^parameters\.looks\[1\]: /],
    ['none at all', undefined, /^parameters\.scene: /],
  ])('%s', async (_what, parameters, message) => {
    const { exitCode, error } = await check(config, { command: 'turntable', parameters });
    expect(error).toEqual({ type: 'BadMessage', message: expect.stringMatching(message) as string });
    expect(exitCode).toBe(1);
  });

  test('right ones are accepted, and commands without a schema are not checked', async () => {
    expect(await check(config, { command: 'turntable', parameters: { scene: 'a', frames: 720 } })).toMatchObject({
      exitCode: 0,
    });
    expect(await check(config, { command: 'render_frame', parameters: { frames: 'x' } })).toMatchObject({
      exitCode: 0,
    });
  });

  test('dqm submit refuses what they refuse', async () => {
    const input = JSON.stringify({ command: 'turntable', parameters: { scene: 'a', frames: 0 } });
    const { exitCode, stderr } = await dqm(['submit', '--queue', 'local', '-', '--config', config], { input });
    expect(stderr).toContain('parameters.frames: ');
    expect(exitCode).toBe(2);
  });
});

test.each([
  ['a syntax error', 'export const turntable = ;', /parameters\.ts:1: Unexpected/],
  ['a throwing top level', '\nthrow new Error("no licence");', /parameters\.ts:2: Error: no licence/],
  ['what is no schema', 'export const turntable = 5;', /parameters\.ts: turntable is no zod schema/],
  ['a missing package', "import 'nozod';", /parameters\.ts: cannot find nozod, which it imports/],
])('a module of schemas with %s is told with file and line', async (what, text, message) => {
  const { exitCode, stderr } = await check(aProject(what.replaceAll(' ', '-'), text), { command: 'turntable' });
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});
