import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { runProcess, type Opened } from '../../cli/process.ts';
import { silenceAwsNotice } from '../../lib/config/environment.ts';
import { createLog } from '../../lib/log.ts';
import { percentile } from '../statistics.ts';

import type { DqmProcess } from './dqm-process.ts';
import { openStage, type Host } from './stage.ts';

/**
 * How long a command of a host that was killed in the middle of it waits until another host starts it, against
 * `heartbeat_timeout`: `npm run bench:kills -- --kills 20`.
 */
const { values } = parseArgs({ options: { kills: { type: 'string', default: '20' } } });
const kills = Number(values.kills);
if (!Number.isInteger(kills) || kills < 1) throw new Error('--kills takes a whole number over 0');
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** Must hold: that timeout and at most so much. */
const ALLOWED_MS = 5_000;
const COMMAND_MS = 4_000;
const LOOK_MS = 20;

silenceAwsNotice();
const log = createLog({ level: 'warn' });
const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-'));
try {
  await runProcess(log, async (opened) => {
    const waitsMs = await killHosts(opened);
    const [p50, p95] = [50, 95].map((percent) => Math.round(percentile(waitsMs, percent)));
    const results = { heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS, kills, p50Ms: p50, p95Ms: p95, waitsMs };
    process.stdout.write(
      `${kills} kills, heartbeat_timeout ${HEARTBEAT_TIMEOUT_MS} ms: another host started the command after ${p50} ms (p50), ` +
        `${p95} ms (p95); at most ${HEARTBEAT_TIMEOUT_MS + ALLOWED_MS} ms allowed\n`,
    );
    await writeFile(join(process.cwd(), 'bench/hosts/killed.json'), `${JSON.stringify(results, undefined, 2)}\n`);
    opened.runs({ done: Promise.resolve(), stop: () => undefined });
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit();

async function killHosts(opened: Opened): Promise<number[]> {
  const lines = [
    `heartbeat_timeout ${HEARTBEAT_TIMEOUT_MS}ms`,
    '<user command>',
    'name sleep',
    'cancel_command stop_render',
    '</user>',
  ];
  const stage = await openStage({ folder, log, opened, lines });
  await stage.startJobWorker();
  const hosts = await Promise.all(['gpu-01', 'gpu-02'].map((name) => stage.host(name)));
  const running = new Map<Host, DqmProcess>();
  for (const host of hosts) running.set(host, await host.start());
  const waitsMs: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const id = await stage.submit({ command: 'sleep', parameters: { ms: COMMAND_MS, kill } });
    const victim = await startedBy(hosts, kill);
    // At any moment between two beats.
    await delay(500 + Math.random() * 1_000);
    const killedMs = Date.now();
    await running.get(victim.host)?.kill();
    const { startMs } = await startedBy(
      hosts.filter((host) => host !== victim.host),
      kill,
    );
    waitsMs.push(Math.round(startMs - killedMs));
    await stage.client.workflow.getHandle(id).result();
    running.set(victim.host, await victim.host.start());
  }
  return waitsMs;
}

/** The host that has begun the command of that kill, as soon as one has. */
async function startedBy(hosts: readonly Host[], kill: number): Promise<{ host: Host; startMs: number }> {
  for (;;) {
    for (const host of hosts) {
      const call = (await host.calls('sleep')).find(({ body }) => body.includes(`"kill":${kill}}`));
      if (call) return { host, startMs: call.start };
    }
    await delay(LOOK_MS);
  }
}
