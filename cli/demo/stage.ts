import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';

import { createS3, createSqs } from '../../lib/aws.ts';
import { findEngine } from '../../lib/engine/binary.ts';
import { startEmbeddedEngine, type Engine } from '../../lib/engine/embedded.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { findRabbitMq, RABBITMQ_HINT, startRabbitMq } from '../../lib/servers/rabbitmq.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';
import type { Log } from '../../lib/log.ts';
import type { Opened } from '../process.ts';

import { configFiles, QUEUES, SECRETS, type SqsUrls } from './config-files.ts';
import { BUCKET } from './messages.ts';
import { startReceiver, type Receiver } from './receiver.ts';

/** Everything around dqm that the demo needs, and where it is. */
export interface Stage {
  engine: Engine;
  queueUrls: SqsUrls;
  /** Undefined: RabbitMQ is not installed. */
  amqpUrl: string | undefined;
  receiver: Receiver;
  /** One for each render host. */
  configFiles: string[];
}

/** Starts servers, brokers and two simulated RealityServers, all on free ports and all inside `folder`. */
export async function openStage(folder: string, env: NodeJS.ProcessEnv, opened: Opened, log: Log): Promise<Stage> {
  // Queues, engine and results of an earlier demo would be found again.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const [engine, emulator, amqpUrl, receiver, ...simulators] = await Promise.all([
    openEngine(folder, env, opened, log),
    startEmulator({ env }).then((server) => (opened.needs(server), server)),
    openRabbitMq(join(folder, 'rabbitmq'), env, opened),
    startReceiver().then((server) => (opened.closes(() => server.close()), server)),
    ...[1, 2].map(() => startSimulatorProcess({ env }).then((server) => (opened.needs(server), server))),
  ]);
  const queueUrls = await openBuckets(emulator.endpoint);
  const texts = configFiles({
    awsEndpoint: emulator.endpoint,
    queueUrls,
    amqpUrl,
    realityServerUrls: simulators.map(({ url }) => url),
    temporalAddress: engine.address,
    temporalUiUrl: engine.uiUrl,
    webServer: receiver.url,
  });
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  return {
    engine,
    queueUrls,
    amqpUrl,
    receiver,
    configFiles: Object.keys(texts)
      .filter((name) => name.startsWith('gpu-'))
      .map((name) => join(folder, name)),
  };
}

async function openEngine(folder: string, env: NodeJS.ProcessEnv, opened: Opened, log: Log): Promise<Engine> {
  const binary = await findEngine({ env, log });
  const dataFolder = join(folder, 'data');
  const engine = await startEmbeddedEngine({ binary, dataFolder, env, namespace: 'default', log });
  opened.needs(engine);
  return engine;
}

async function openRabbitMq(folder: string, env: NodeJS.ProcessEnv, opened: Opened): Promise<string | undefined> {
  const script = await findRabbitMq(env);
  if (script === undefined) {
    process.stdout.write(`RabbitMQ is not installed, all jobs go over SQS. To see both brokers: ${RABBITMQ_HINT}\n`);
    return undefined;
  }
  const rabbitMq = await startRabbitMq({ script, folder, env });
  opened.needs(rabbitMq);
  return rabbitMq.url;
}

/** In a company, somebody has made these long ago. */
async function openBuckets(endpoint: string): Promise<SqsUrls> {
  const client = { region: 'eu-west-1', endpoint, credentials: SECRETS };
  const aws = { s3: { ...client, pathStyle: true }, sqs: client };
  const s3 = createS3(aws);
  const sqs = createSqs(aws);
  const create = async (QueueName: string): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  try {
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return { jobs: await create(QUEUES.sqs), dead: await create(QUEUES.sqsDead) };
  } finally {
    s3.destroy();
    sqs.destroy();
  }
}
