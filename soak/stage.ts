import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { CreateQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import type { Opened } from '../cli/process.ts';
import { createSqs } from '../lib/aws.ts';
import { findEngine } from '../lib/engine/binary.ts';
import { runningEngine } from '../lib/engine/address-file.ts';
import { startEmbeddedEngine, type Engine } from '../lib/engine/embedded.ts';
import type { Log } from '../lib/log.ts';
import { startEmulator } from '../lib/servers/emulator.ts';
import { isFree } from '../lib/servers/ports.ts';
import { startProxy, type Proxy } from '../lib/servers/proxy.ts';
import { findRabbitMq, RABBITMQ_HINT, startRabbitMq } from '../lib/servers/rabbitmq.ts';
import { startSimulatorProcess } from '../lib/servers/simulator.ts';

import { soakConfigs, type SoakPlaces } from './config-files.ts';

/** What stands around the processes of a soak. */
export interface Stage extends Pick<SoakPlaces, 'temporalAddress' | 'sqsUrl' | 'deadUrl' | 'amqpQueue' | 'simulators'> {
  sqs: SQSClient;
  /** Straight to RabbitMQ, for who sends and who looks. */
  amqpUrl: string;
  proxies: { SQS: Proxy; AMQP: Proxy };
  /** SIGKILL, and a new one on the same database after so many milliseconds. */
  killEngine(awayMs: number): Promise<void>;
}

const AMQP_QUEUE = 'soak';

export async function openStage(folder: string, env: NodeJS.ProcessEnv, opened: Opened, log: Log): Promise<Stage> {
  const script = await findRabbitMq(env);
  if (script === undefined) throw new Error(`RabbitMQ is not installed: ${RABBITMQ_HINT}`);
  await mkdir(folder, { recursive: true });
  const [engine, emulator, rabbitMq, renders, nightly] = await Promise.all([
    openEngine(join(folder, 'engine'), env, opened, log),
    startEmulator({ env }),
    startRabbitMq({ script, folder: join(folder, 'rabbitmq'), env }),
    startSimulatorProcess({ env }),
    startSimulatorProcess({ env }),
  ]);
  for (const server of [emulator, rabbitMq, renders, nightly]) opened.needs(server);
  const credentials = { accessKeyId: 'soak', secretAccessKey: 'soak' };
  const client = { region: 'eu-west-1', endpoint: emulator.endpoint, credentials };
  const sqs = createSqs({ s3: { ...client, pathStyle: true }, sqs: client });
  opened.closes(() => sqs.destroy());
  const proxies = {
    SQS: await startProxy(new URL(emulator.endpoint).host),
    AMQP: await startProxy(new URL(rabbitMq.url).host),
  };
  for (const proxy of Object.values(proxies)) opened.closes(() => proxy.cut());
  await declareQueues(rabbitMq.url);
  const places = {
    temporalAddress: engine.address,
    sqsUrl: await createQueue(sqs, 'soak'),
    deadUrl: await createQueue(sqs, 'soak-dead'),
    amqpQueue: AMQP_QUEUE,
    simulators: { renders: renders.url, nightly: nightly.url },
  };
  const configs = soakConfigs({
    ...places,
    sqsEndpoint: `http://127.0.0.1:${proxies.SQS.port}`,
    amqpUrl: Object.assign(new URL(rabbitMq.url), { host: `127.0.0.1:${proxies.AMQP.port}` }).href,
  });
  for (const [name, text] of Object.entries(configs)) await writeFile(join(folder, name), text);
  return { ...places, sqs, amqpUrl: rabbitMq.url, proxies, killEngine: engine.kill };
}

async function createQueue(sqs: SQSClient, QueueName: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  if (QueueUrl === undefined) throw new Error(`SQS made no queue ${QueueName}`);
  return QueueUrl;
}

async function declareQueues(url: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const name of [AMQP_QUEUE, `${AMQP_QUEUE}-dead`]) {
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }
  await connection.close();
}

async function openEngine(dataFolder: string, env: NodeJS.ProcessEnv, opened: Opened, log: Log) {
  const binary = await findEngine({ env, log });
  const start = (port: number): Promise<Engine> =>
    startEmbeddedEngine({ binary, dataFolder, env, port, uiPort: 0, namespace: 'default', log });
  let engine = await start(0);
  const { address } = engine;
  const port = Number(new URL(`tcp://${address}`).port);
  opened.closes(() => engine.stop());
  return {
    address,
    kill: async (awayMs: number): Promise<void> => {
      const running = await runningEngine(dataFolder);
      // The group: a shell watches over the engine.
      if (running) process.kill(-running.pid, 'SIGKILL');
      await engine.done.catch(() => undefined);
      await delay(awayMs);
      while (!(await isFree(port))) await delay(100);
      engine = await start(port);
    },
  };
}
