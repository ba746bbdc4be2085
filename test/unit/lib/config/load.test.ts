import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { SECTIONS } from '../../../../lib/config/directives.ts';
import { ConfigurationError, loadConfig } from '../../../../lib/config/load.ts';
import { thisMachine } from '../../../../lib/config/machine.ts';
import type { Notice } from '../../../../lib/config/notice.ts';
import { readText } from '../../../support/a-config.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dqm-config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
};

const allow = (command: string): string => `<user queue_manager>\nallow_command ${command}\n</user>\n`;

test('a folder is read file by file in alphabetical order, its folders are left out', () => {
  write('conf.d/b.conf', allow('b'));
  write('conf.d/a.conf', allow('a'));
  write('conf.d/B.conf', allow('B'));
  write('conf.d/old/c.conf', allow('c'));
  symlinkSync(write('d.conf', allow('d')), join(folder, 'conf.d/c.conf'));
  const { config } = loadConfig(write('main.conf', 'include conf.d\n'), {});
  expect([...config.allowCommands]).toEqual(['B', 'a', 'b', 'd']);
  expect(config.file).toBe(join(folder, 'main.conf'));
});

test('a file with a byte order mark is read', () => {
  expect([...loadConfig(write('main.conf', `\uFEFF${allow('a')}`), {}).config.allowCommands]).toEqual(['a']);
});

test.each<[what: string, make: () => string, reason: string]>([
  ['missing', () => join(folder, 'none.conf'), 'cannot be read: no such file'],
  ['a folder', () => folder, 'cannot be read: is a folder'],
  ['a device', () => '/dev/zero', 'cannot be read: is no file'],
  [
    'a link to itself',
    () => (symlinkSync('loop.conf', join(folder, 'loop.conf')), join(folder, 'loop.conf')),
    'cannot be read: too many links',
  ],
  ['below a file', () => join(write('a.conf', ''), 'b.conf'), 'cannot be read: no such file'],
])('a main file that is %s is a mistake', (_what, make, reason) => {
  const path = make();
  expect(() => loadConfig(path, {})).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', mistakes: [{ file: path, line: 1, message: reason }] }),
  );
});

test('a dangling link in an included folder is a mistake', () => {
  mkdirSync(join(folder, 'conf.d'));
  symlinkSync('nowhere', join(folder, 'conf.d/a.conf'));
  expect(() => loadConfig(write('main.conf', 'include conf.d'), {})).toThrow(
    `main.conf:1: include: cannot read ${JSON.stringify(join(folder, 'conf.d/a.conf'))}: no such file`,
  );
});

test('host name and data folder are the machine’s', () => {
  const { dqm } = loadConfig(write('main.conf', ''), { HOME: folder }).config;
  expect(dqm).toMatchObject(thisMachine({ HOME: folder }));
});

const keys = Object.values(SECTIONS).flatMap(({ single, repeatable, nested }) => [...single, ...repeatable, ...nested]);
const word = fc.constantFrom(...keys, 'user', 'queue_manager', 'aws', 'amqp', 'dqm', 'include', 'add_mime_type', 'x');
const value = fc.oneof(
  fc.constantFrom(
    'on',
    '10m',
    '3',
    'a',
    'http://user:word@host/',
    'amqp://h',
    's3://b/p',
    'file:%zz',
    '${env:X}',
    '${env:',
    '.',
  ),
  fc.constantFrom('auto', 'broker', 'on_completion', '__proto__', 'constructor', '127.0.0.1:1', 'a(', '', ' '),
  fc.string({ unit: 'binary' }),
);
const line = fc.oneof(
  fc.tuple(word, value).map(([key, text]) => `${key} ${text}`),
  word.map((name) => `<user ${name}>`),
  fc.constantFrom('</user>', '</x>', '<x y>', '# c', '', ' ', '\\', '<', '>', '\0', '__proto__ 1', '<user __proto__>'),
  fc.string({ unit: 'binary' }),
);
const aText = fc
  .tuple(fc.array(line, { maxLength: 40 }), fc.constantFrom('\n', '\r\n', '\\\n'))
  .map(([lines, end]) => lines.join(end));

/** What is wrong with it; none when it is a configuration. */
function mistakesOf(text: string, included: string): readonly Notice[] {
  try {
    readText(text, { X: 'x' }, { '/etc/dqm/a': included });
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
}

test('no text makes the reader throw anything but ConfigurationError', () => {
  fc.assert(
    fc.property(aText, aText, (text, included) => {
      for (const { file, line, message } of mistakesOf(text, included)) {
        expect(`${file}:${line}`).toMatch(/^\/etc\/dqm\/.+:[1-9]\d*$/);
        expect(message).not.toContain('user:word@');
      }
    }),
    { numRuns: 1_000 },
  );
});
