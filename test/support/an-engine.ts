import { dynamicConfigFlags } from '../../lib/engine/dynamic-config.ts';
import { keep, type Kept } from '../../lib/servers/keep.ts';
import { freePort } from '../../lib/servers/ports.ts';

import { servers } from './servers.ts';

/** An engine in memory of a test's own, with such settings (`KEY=VALUE`) beside, or over, those of the embedded one. */
export async function anEngine(
  settings: readonly string[],
  base = dynamicConfigFlags(),
): Promise<{ address: string; stop(): Promise<void> }> {
  for (let start = 1; ; start += 1) {
    const port = await freePort();
    const engine = started(port, [...base, ...settings.flatMap((setting) => ['--dynamic-config-value', setting])]);
    try {
      // Only its own word tells that it, and nobody else, listens there.
      await engine.line('Temporal Server:');
      return { address: `127.0.0.1:${port}`, stop: engine.stop };
    } catch (error) {
      if (start === STARTS) throw error;
    }
  }
}

/** Between our look for a free port and its start somebody else may take it. */
const STARTS = 3;

const started = (port: number, flags: readonly string[]): Kept =>
  keep({
    command: servers().enginePath,
    args: ['server', 'start-dev', '--headless', '--ip=127.0.0.1', `--port=${port}`, '--log-level=error', ...flags],
    env: process.env,
    folder: '/',
  });
