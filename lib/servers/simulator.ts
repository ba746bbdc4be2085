import { join } from 'node:path';

import { packageRoot } from '../engine/package-root.ts';

import { keep } from './keep.ts';

/** A simulated RealityServer in a process of its own. */
export interface SimulatorProcess {
  readonly url: string;
  /** Rejects when it ended by itself. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Runs from the build, as it is installed. `port` absent: a free one. */
export async function startSimulatorProcess({
  env,
  port = 0,
}: {
  env: NodeJS.ProcessEnv;
  port?: number;
}): Promise<SimulatorProcess> {
  const folder = join(packageRoot(), 'dist/simulator');
  const kept = keep({ command: process.execPath, args: ['main.js', '--port', String(port)], env, folder });
  const { url } = JSON.parse(`{${await kept.line('{')}`) as { url: string };
  return { url, done: kept.done, stop: kept.stop };
}
