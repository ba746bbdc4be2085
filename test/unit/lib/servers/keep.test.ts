import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { transformFile } from '@swc/core';
import { keep, type Kept } from '../../../../lib/servers/keep.ts';

const { env } = process;
/** Says who it is, then waits to be ended. */
const SERVER = 'console.log(`ready ${process.pid}`); setInterval(() => {}, 1e6);';

const keepNode = (code: string): Kept =>
  keep({ command: process.execPath, args: ['--eval', code], env, folder: tmpdir() });

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  while (lives(pid)) await delay(10);
}

test('a kept process ends when it is asked to', async () => {
  const kept = keepNode(SERVER);
  const pid = Number(await kept.line('ready '));
  await kept.stop();
  await expect(kept.done).resolves.toBeUndefined();
  expect(lives(pid)).toBe(false);
});

test('one that ends by itself says how, and what it printed last', async () => {
  const kept = keepNode('console.log("first"); console.error("no such disk"); process.exitCode = 7;');
  await expect(kept.done).rejects.toThrow(/exit code 7.*no such disk/s);
  await expect(kept.line('ready ')).rejects.toThrow('no such disk');
  await kept.stop();
});

test('one that cannot be started is an error', async () => {
  const kept = keep({ command: '/nowhere/server', args: [], env, folder: tmpdir() });
  await expect(kept.done).rejects.toThrow('/nowhere/server ended by itself');
});

test('one that is in a terminal with us does not get its Ctrl-C', async () => {
  const kept = keepNode(SERVER);
  await kept.line('ready ');
  // Ctrl-C goes to the group of the foreground process.
  const { stdout } = spawn('ps', ['-o', 'pgid=', '-p', `${kept.pid},${process.pid}`]);
  const groups: string[] = [];
  for await (const line of createInterface(stdout)) groups.push(line.trim());
  expect(new Set(groups).size).toBe(2);
  await kept.stop();
});

test('it does not survive the kill -9 of who started it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dqm-keep-'));
  const { code } = await transformFile('lib/servers/keep.ts', {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  });
  const start = `const kept = keep({ command: process.execPath, args: ['--eval', ${JSON.stringify(SERVER)}], env: process.env, folder: '/' });
    console.log(await kept.line('ready '));`;
  await writeFile(join(folder, 'starter.mjs'), `${code}\n${start}`);
  const starter = spawn(process.execPath, [join(folder, 'starter.mjs')]);
  const [line] = (await once(createInterface(starter.stdout), 'line')) as [string];
  expect(lives(Number(line))).toBe(true);
  starter.kill('SIGKILL');
  await untilGone(Number(line));
  await rm(folder, { recursive: true });
});
