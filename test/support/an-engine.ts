import { dynamicConfigFlags } from '../../lib/engine/dynamic-config.ts';
import { keep } from '../../lib/servers/keep.ts';
import { accepts, freePort } from '../../lib/servers/ports.ts';

import { servers } from './servers.ts';
import { until } from './until.ts';

/** An engine in memory of a test's own, with such settings (`KEY=VALUE`) beside, or over, those of the embedded one. */
export async function anEngine(
  settings: readonly string[],
  base = dynamicConfigFlags(),
): Promise<{ address: string; stop(): Promise<void> }> {
  const port = await freePort();
  const engine = keep({
    command: servers().enginePath,
    args: [
      'server',
      'start-dev',
      '--headless',
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--log-level=error',
      ...base,
      ...settings.flatMap((setting) => ['--dynamic-config-value', setting]),
    ],
    env: process.env,
    folder: '/',
  });
  const address = `127.0.0.1:${port}`;
  await until(() => accepts(address));
  return { address, stop: engine.stop };
}
