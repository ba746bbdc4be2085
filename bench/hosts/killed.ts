import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { createLog } from '../../lib/log.ts';
import { runBench } from '../run-bench.ts';
import { percentile } from '../statistics.ts';

import type { DqmProcess } from './dqm-process.ts';
import { openStage, type Host, type Stage } from './stage.ts';

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
const LINES = [
  `heartbeat_timeout ${HEARTBEAT_TIMEOUT_MS}ms`,
  '<user command>',
  'name sleep',
  'cancel_command stop_render',
  '</user>',
];

interface Results {
  heartbeatTimeoutMs: number;
  kills: number;
  p50Ms: number;
  p95Ms: number;
  waitsMs: number[];
}

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'hosts/killed.json',
  open: async (bench) => {
    const stage = await openStage({ ...bench, lines: LINES });
    await stage.startJobWorker();
    const hosts = await Promise.all(['gpu-01', 'gpu-02'].map((name) => stage.host(name)));
    const running = new Map<Host, DqmProcess>();
    for (const host of hosts) running.set(host, await host.start());
    return async (): Promise<Results> => {
      const waitsMs = await killHosts(stage, running);
      const [p50Ms = 0, p95Ms = 0] = [50, 95].map((percent) => Math.round(percentile(waitsMs, percent)));
      return { heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS, kills, p50Ms, p95Ms, waitsMs };
    };
  },
  table: ({ p50Ms, p95Ms }) =>
    `${kills} kills, heartbeat_timeout ${HEARTBEAT_TIMEOUT_MS} ms: another host started the command after ${p50Ms} ms (p50), ` +
    `${p95Ms} ms (p95); at most ${HEARTBEAT_TIMEOUT_MS + ALLOWED_MS} ms allowed\n`,
});

/** Hosts and their workers; a killed one is started again. */
async function killHosts(stage: Stage, running: Map<Host, DqmProcess>): Promise<number[]> {
  const hosts = [...running.keys()];
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
