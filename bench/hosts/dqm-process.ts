import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import type { Opened } from '../../cli/process.ts';
import { packageRoot } from '../../lib/engine/package-root.ts';

const PROGRAM = join(packageRoot(), 'dist/cli/main.js');
/** JSON of thousands of jobs. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A `dqm` of the build, as it runs on a host of its own. */
export interface DqmProcess {
  readonly pid: number;
  /** SIGKILL: without a word, as a power cut. */
  kill(): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
}

/** Resolves when it has logged that message; rejects when it ends before. It does not outlive what is opened. */
export async function startDqm(args: readonly string[], message: string, opened: Opened): Promise<DqmProcess> {
  opened.signal.throwIfAborted();
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await closed;
  };
  opened.closes(() => end('SIGKILL'));
  const said = new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => line.includes(`"msg":"${message}"`) && resolve());
    const ended = (): void => reject(new Error(`dqm ${args.join(' ')} ended without saying "${message}"`));
    closed.then(ended, reject);
  });
  await said;
  return { pid: child.pid ?? 0, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

/** A command of the build, to its end. Gives what it printed; rejects when it fails. */
export async function runDqm(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], { maxBuffer: MOST_OUTPUT_BYTES });
  return stdout;
}
