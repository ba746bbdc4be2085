import { spawnSync } from 'node:child_process';
import { chmodSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import { recentIds, rememberIds } from '../../../cli/recent-ids.ts';
import { SHELL_SCRIPTS } from '../../../cli/shell-scripts.ts';
import { JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import { DqmQueue } from '../../../lib/contract/search-attributes.ts';
import { configText } from '../../support/a-config.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aFolder, dqm } from '../../support/dqm-process.ts';
import { servers } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

const folder = aFolder();
let engine: TestNamespace;
const program = join(__dirname, '../../../dist/cli/main.js');
afterAll(async () => {
  await engine?.close();
  folder.remove();
});

beforeAll(async () => {
  engine = await aNamespace();
  const address = `temporal_address ${servers().temporalAddress}\ntemporal_namespace ${engine.namespace}`;
  folder.file('realityserver.conf', configText({ dqm: `data_folder data\n${address}` }));
  rememberIds(join(folder.path, 'data'), ['chair-1', 'chair:2', 'table 3']);
  chmodSync(folder.file('dqm', `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`), 0o755);
});

/** What the shell would offer, when it is installed. */
function inShell(shell: string, args: string[], script: string): string[] {
  const env = { ...process.env, PATH: `${folder.path}:${process.env['PATH']}`, HOME: folder.path };
  const { stdout, stderr, error } = spawnSync(shell, [...args, script], { env, cwd: folder.path, encoding: 'utf8' });
  if (error) throw error;
  return stdout.trim() ? stdout.trim().split('\n') : [stderr].filter(Boolean);
}

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).error === undefined;
/** Skipped where the shell is not installed. */
function describeIn(shell: string, tests: () => void): void {
  (isInstalled(shell) ? describe : describe.skip)(shell, tests);
}

const inBash = (line: string): string[] =>
  inShell(
    'bash',
    ['--norc', '-c'],
    `source <(dqm completion bash)\nCOMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length}\n_dqm\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
  );

describeIn('bash', () => {
  test('bash completes commands, queues and ids', () => {
    expect(inBash('dqm can')).toEqual(['cancel']);
    expect(inBash('dqm jobs --queue ')).toEqual(['local']);
    expect(inBash('dqm job cha')).toEqual(['chair-1', 'chair:2']);
  });

  test('an id with a colon is completed behind it, one with a space is quoted', () => {
    expect(inBash('dqm job chair:')).toEqual(['2']);
    expect(inBash('dqm job tab')).toEqual(['table\\ 3']);
  });
});

describeIn('fish', () => {
  test('fish completes commands, queues and ids', () => {
    const inFish = (line: string): string[] =>
      inShell('fish', ['--no-config', '-c'], `dqm completion fish | source; complete -C ${JSON.stringify(line)}`);
    expect(inFish('dqm can')).toEqual(['cancel']);
    expect(inFish('dqm jobs --queue ')).toContain('local');
    expect(new Set(inFish('dqm job chai'))).toEqual(new Set(['chair-1', 'chair:2']));
  });
});

describeIn('zsh', () => {
  test('zsh completes commands, queues and ids', () => {
    // Without a person at a terminal the widget is called with its words, and compadd tells what it was given.
    const inZsh = (...words: string[]): string[] =>
      inShell(
        'zsh',
        ['-f', '-c'],
        `compdef() { }; _files() { print files }; compadd() { print -l -- "\${found[@]}" }
source <(dqm completion zsh)
words=(dqm ${words.map((word) => JSON.stringify(word)).join(' ')}); CURRENT=$#words; _dqm`,
      );
    expect(inZsh('can')).toEqual(['cancel']);
    expect(inZsh('jobs', '--queue', '')).toEqual(['local']);
    expect(inZsh('job', 'cha')).toEqual(['chair-1', 'chair:2']);
    expect(inZsh('submit', '')).toEqual(['files']);
  });
});

test.each(Object.entries(SHELL_SCRIPTS))('the script for %s asks dqm and names no other program', (_shell, script) => {
  expect(script).toContain('dqm __complete');
});

test('a job that this machine has never shown is completed by a Tab that comes later', async () => {
  await engine.client.workflow.start('render_product', {
    workflowId: 'job/local/sofa-1',
    taskQueue: JOBS_TASK_QUEUE,
    typedSearchAttributes: [{ key: DqmQueue, value: 'local' }],
  });
  await until(async () => (await engine.client.workflow.count(`DqmQueue = 'local'`)).count === 1);
  const complete = async () => (await dqm(['__complete', 'job', 'sof'], { cwd: folder.path })).stdout;
  // Long ago: within a few seconds of the last look no Tab asks.
  utimesSync(join(folder.path, 'data/recent-ids'), 0, 0);
  await complete();
  await until(() => recentIds(join(folder.path, 'data')).includes('sofa-1'));
  expect(await complete()).toBe('sofa-1\n');
});
