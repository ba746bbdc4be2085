import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { runProcess, type Opened } from '../cli/process.ts';
import { environment, silenceAwsNotice } from '../lib/config/environment.ts';
import { createLog } from '../lib/log.ts';
import { connectClient } from '../lib/temporal.ts';

import { audit, auditTable, isClean } from './audit.ts';
import { gather, untilSettled } from './evidence.ts';
import { kill, type Kills } from './kills.ts';
import { createPart } from './parts.ts';
import { produce } from './producer.ts';
import { seededRandom } from './random.ts';
import { openStage } from './stage.ts';

/** `npm run soak -- --minutes 10 --seed 1`: both brokers under load, with kills of all kinds; then each message's ending. */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed))
  throw new Error('--minutes takes a number over 0, --seed a whole number');

silenceAwsNotice();
const log = createLog({ level: 'warn' });
const folder = await mkdtemp(join(tmpdir(), 'dqm-soak-'));
let clean = false;
await runProcess(log, async (opened) => {
  const { kills, table, isGood } = await soak(opened);
  clean = isGood;
  const killed = Object.entries(kills).map(([what, count]) => `${what} ${count}`);
  process.stdout.write(`${minutes} minutes, seed ${seed}; killed or cut: ${killed.join(', ')}\n\n${table}`);
  opened.runs({ done: Promise.resolve(), stop: () => undefined });
});
if (clean) await rm(folder, { recursive: true, force: true });
else process.stdout.write(`\nNot as it must be: what the processes said is in ${folder}/logs\n`);
process.exit(clean ? 0 : 1);

async function soak(opened: Opened): Promise<{ kills: Kills; table: string; isGood: boolean }> {
  const stage = await openStage(folder, environment(), opened, log);
  const part = (name: string, ...args: string[]) => createPart(name, args, folder);
  const bridges = [1, 2].map((n) => part(`bridge-${n}`, 'bridge', '--all', '--config', 'renders.conf'));
  const workers = [
    part('jobs', 'worker', 'jobs', '--config', 'renders.conf'),
    ...['renders', 'nightly'].map((queue) => part(`gpu-${queue}`, 'worker', 'gpu', '--config', `${queue}.conf`)),
  ];
  for (const each of [...workers, ...bridges]) {
    each.start();
    opened.closes(() => each.stop());
  }

  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), minutes * 60_000);
  opened.closes(() => clearTimeout(timer));
  opened.signal.addEventListener('abort', () => ending.abort());
  const over = ending.signal;
  const [sent, kills] = await Promise.all([
    produce({ ...stage, random: seededRandom(seed) }, over),
    kill(bridges, stage, seededRandom(seed + 1), over),
  ]);
  const { client, close } = await connectClient({ address: stage.temporalAddress, namespace: 'default' });
  try {
    await untilSettled(stage, client);
    for (const bridge of bridges) await bridge.stop();
    const found = audit(await gather(stage, client, sent));
    return { kills, table: auditTable(found), isGood: isClean(found) };
  } finally {
    await close();
  }
}
