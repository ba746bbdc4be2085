import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { until } from '../support/until.ts';

const KILLS = join(__dirname, '../../dist/bench/hosts/killed.js');

test('SIGTERM ends a bench while it measures, its folder and its processes with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-test-'));
  const env = { ...process.env, TMPDIR: folder };
  const bench = spawn(process.execPath, [KILLS, '--kills', '10000'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(bench, 'close');
  try {
    const said = createInterface(bench.stderr);
    await Promise.race([
      new Promise<void>((resolve) => said.on('line', (line) => line === 'Measuring' && resolve())),
      closed.then(() => Promise.reject(new Error('the bench ended before it measured'))),
    ]);
    // An engine, two GPU workers and a job worker, at least.
    expect(processesNaming(folder).length).toBeGreaterThan(3);

    bench.kill('SIGTERM');
    const [code] = (await closed) as [number | null];

    expect(code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
    await until(() => processesNaming(folder).length === 0);
  } finally {
    bench.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

/** By their command lines. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      // Gone between the two looks.
      return false;
    }
  });
}
