import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../lib/engine/package-root.ts';

/** A `dqm` process of a soak: whatever ends it, it can be started again. */
export interface Part {
  name: string;
  start(): void;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** What it says goes to `<name>.log` in the folder. */
export function createPart(name: string, args: readonly string[], folder: string): Part {
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  };
  return {
    name,
    start: () => {
      const logs = join(folder, 'logs');
      mkdirSync(logs, { recursive: true });
      const file = openSync(join(logs, `${name}.log`), 'a');
      const program = join(packageRoot(), 'dist/cli/main.js');
      child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', file, file] });
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
