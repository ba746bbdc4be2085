import { spawnSync } from 'node:child_process';

import { keep, type Kept } from '../../lib/servers/keep.ts';
import { freePort } from '../../lib/servers/ports.ts';

/** A Redis of the bench's own that keeps nothing; undefined where none is installed. */
export async function startRedis(
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<(Kept & { port: number }) | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const kept = keep({ command: 'redis-server', args, env, folder });
  return { ...kept, port };
}
