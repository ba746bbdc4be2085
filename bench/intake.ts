import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { Client } from '@temporalio/client';

import { openContext, type Context } from '../cli/context.ts';
import { intakeOf, type IntakeParts } from '../cli/parts/intake.ts';
import type { Opened } from '../cli/process.ts';
import { createSqs } from '../lib/aws.ts';
import { environment } from '../lib/config/environment.ts';
import { createLog } from '../lib/log.ts';
import { createResultStore } from '../lib/results/open-store.ts';
import { startEmulator } from '../lib/servers/emulator.ts';
import { findRabbitMq, RABBITMQ_HINT, startRabbitMq } from '../lib/servers/rabbitmq.ts';
import { connectClient } from '../lib/temporal.ts';

import { bareAmqp, bareSqs, startLike, type StartCall } from './intake/bare-loops.ts';
import { bridgeUntil } from './intake/bridge.ts';
import { amqpBroker, sqsBroker, type Broker } from './intake/brokers.ts';
import { bridgeMemory } from './intake/memory.ts';
import { BODY, configText } from './intake/places.ts';
import { poisoned } from './intake/poison.ts';
import { openEngine } from './open-engine.ts';
import { runBench } from './run-bench.ts';
import { median } from './statistics.ts';

/**
 * Intake against the smallest loop that does the same: receive, start, acknowledge. Same broker, concurrency and run.
 * Then what a message that is no job costs those beside it, and a bridge's memory with many messages in the broker:
 * `npm run bench:intake -- --rounds 3 --messages 2000 --waiting 20000`.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    messages: { type: 'string', default: '2000' },
    waiting: { type: 'string', default: '20000' },
  },
});
const ROUNDS = Number(values.rounds);
const MESSAGES = Number(values.messages);
const WAITING = Number(values.waiting);
const WARM_UP = MESSAGES / 5;

interface Rates {
  dqm: number[];
  bare: number[];
  /** Of this process, for one message: the engine and the brokers are others. */
  cpuMs: { dqm: number[]; bare: number[] };
  /** From received to acknowledged, of all rounds. */
  seconds: number[];
}

interface Rivals {
  broker: Broker;
  bridge(queue: string, messages: number): Promise<number[]>;
  bare(queue: string, messages: number): Promise<void>;
}

/** Of what is measured: a message more is no news. */
const log = createLog({ level: 'info', output: { write: () => true } });

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'intake-results.json',
  open: async ({ folder, opened }) => {
    const { engine, ...rivals } = await openRivals(folder, opened);
    return async () => {
      const results: Record<string, object> = {};
      for (const [name, each] of Object.entries(rivals)) {
        results[name] = {
          ...summary(await measure(each)),
          poisoned: await poisoned(each.broker, ROUNDS, each.bridge),
          memory: await bridgeMemory(each.broker, WAITING, { folder, engine, opened }),
        };
      }
      return results;
    };
  },
  table: (results) =>
    Object.entries(results)
      .map(([name, figures]) => `${name}: ${JSON.stringify(figures)}\n`)
      .join(''),
});

/** Turn by turn, each first in every other round: what else the machine does meets both. */
async function measure({ broker: { fill }, bridge, bare }: Rivals): Promise<Rates> {
  const rates: Rates = { dqm: [], bare: [], cpuMs: { dqm: [], bare: [] }, seconds: [] };
  const rivals = {
    dqm: async (queue: string) => void rates.seconds.push(...(await bridge(queue, MESSAGES))),
    bare: (queue: string) => bare(queue, MESSAGES),
  };
  // Both compiled and connected before anything counts.
  await bridge(await fill(WARM_UP), WARM_UP);
  await bare(await fill(WARM_UP), WARM_UP);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? (['dqm', 'bare'] as const) : (['bare', 'dqm'] as const)) {
      const queue = await fill(MESSAGES);
      const startMs = performance.now();
      const before = process.cpuUsage();
      await rivals[name](queue);
      const { user, system } = process.cpuUsage(before);
      rates[name].push(MESSAGES / ((performance.now() - startMs) / 1_000));
      rates.cpuMs[name].push((user + system) / 1_000 / MESSAGES);
    }
  }
  return rates;
}

function summary({ dqm, bare, cpuMs, seconds }: Rates) {
  const sorted = [...seconds].sort((one, other) => one - other);
  const quantile = (part: number): number =>
    Math.round((sorted[Math.floor(sorted.length * part)] ?? Number.NaN) * 1_000);
  return {
    messages: MESSAGES,
    rounds: ROUNDS,
    messagesPerSecond: { dqm: Math.round(median(dqm)), bare: Math.round(median(bare)) },
    // The median of the rounds' own ratios: rounds differ more than rivals do.
    ratio: Number(median(dqm.map((rate, round) => rate / (bare[round] ?? Number.NaN))).toFixed(2)),
    cpuMsPerMessage: { dqm: Number(median(cpuMs.dqm).toFixed(2)), bare: Number(median(cpuMs.bare).toFixed(2)) },
    receivedToAcknowledgedMs: { p50: quantile(0.5), p99: quantile(0.99) },
  };
}

async function openRivals(
  folder: string,
  opened: Opened,
): Promise<Record<'sqs' | 'amqp', Rivals> & { engine: string }> {
  const env = environment();
  const script = await findRabbitMq(env);
  if (script === undefined) throw new Error(`RabbitMQ is not installed: ${RABBITMQ_HINT}`);
  const engine = await openEngine(join(folder, 'engine'), { log, opened });
  const emulator = await startEmulator({ env });
  opened.needs(emulator);
  const rabbitMq = await startRabbitMq({ script, folder: join(folder, 'rabbitmq'), env });
  opened.needs(rabbitMq);
  const config = join(folder, 'realityserver.conf');
  await writeFile(config, configText(folder));
  const context = openContext({ config }, log);
  const { client, close } = await connectClient({ address: engine.address, namespace: 'default' });
  opened.closes(close);
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const aws = { region: 'eu-west-1', endpoint: emulator.endpoint, credentials };
  const sqs = createSqs({ s3: { ...aws, pathStyle: true }, sqs: aws });
  opened.closes(() => sqs.destroy());
  const parts = intakeParts(context, client);
  const start = startLike(client, await callOf(parts));
  const rivalsAt = (broker: Broker, bare: Rivals['bare']): Rivals => ({
    broker,
    bare,
    bridge: (queue, messages) => bridgeUntil(broker.config(queue), messages, { ...parts, sqs }),
  });
  return {
    engine: engine.address,
    sqs: rivalsAt(await sqsBroker(sqs, emulator.endpoint), (url) => bareSqs(sqs, url, start)),
    amqp: rivalsAt(await amqpBroker(rabbitMq.url), (queue, messages) => bareAmqp(rabbitMq.url, queue, start, messages)),
  };
}

function intakeParts({ config, log: own }: Context, client: Client): IntakeParts {
  return { client, config, log: own, store: createResultStore(config.dqm.resultStore, {}) };
}

/** What intake gives the engine's client, for the bare loop to give it, too. */
async function callOf(parts: IntakeParts): Promise<StartCall> {
  let call: StartCall | undefined;
  const client = {
    withDeadline: (_deadline: number, run: () => Promise<unknown>) => run(),
    workflow: { start: async (...args: StartCall) => void (call = args) },
  };
  const { intake } = intakeOf({ ...parts, client: client as unknown as Client });
  const message = { queue: 'bench', messageId: 'm', attributes: {}, envelope: { transport: 'direct' as const } };
  await intake.judge({ ...message, body: Buffer.from(BODY) }, new AbortController().signal);
  if (!call) throw new Error('intake started nothing');
  return call;
}
