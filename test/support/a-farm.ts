import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';

import { startSimulatorProcess, type SimulatorProcess } from '../../lib/servers/simulator.ts';

import { aNamespace, type TestNamespace } from './a-namespace.ts';
import { aFolder } from './dqm-process.ts';
import { servers } from './servers.ts';
import { until } from './until.ts';

export const AWS = { region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** One POST that the web server of a test has taken. */
export interface TakenPost {
  path: string;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
}

/** Everything around `dqm` for one test file: a namespace, a simulated RealityServer, buckets, queues, a web server. */
export interface Farm {
  engine: TestNamespace;
  readonly simulator: SimulatorProcess;
  /** Under the same address; what ran breaks off, and what it knew of its calls is gone. */
  restartSimulator(): Promise<void>;
  s3: S3Client;
  sqs: SQSClient;
  bucket: string;
  /** Of the SQS queue of the configuration's `renders`. */
  sqsUrl: string;
  /** AMQP queue of the configuration's `nightly`. */
  amqpQueue: string;
  posts: TakenPost[];
  postbackUrl: string;
  folder: ReturnType<typeof aFolder>;
  /** Writes a configuration; lines are added to its containers. Gives its path. */
  config(
    name: string,
    lines?: {
      listenQueue?: string;
      allow?: string[];
      dqm?: string[];
      host?: string;
      data?: string;
      deadLetterUrl?: string;
      gateway?: string;
      /** Address of another simulator than the farm's. */
      realityServer?: string;
    },
  ): string;
  /** Asks the simulator. */
  simulate(method: string, params?: unknown): Promise<unknown>;
  calls(
    command: string,
    /** Of another simulator. */
    url?: string,
  ): Promise<{ command: string; overlap: boolean; closed: boolean; body: string; start: number; end: number | null }[]>;
  object(key: string): Promise<{ bytes: Buffer; contentType: string | undefined }>;
  close(): Promise<void>;
}

/** `temporalAddress`: of an engine of the test's own. */
export async function aFarm(namespace?: string, temporalAddress = servers().temporalAddress): Promise<Farm> {
  const id = randomUUID().slice(0, 8);
  const endpoint = servers().awsEndpoint;
  const [engine, firstSimulator] = await Promise.all([
    aNamespace(namespace, temporalAddress),
    startSimulatorProcess({ env: process.env }),
  ]);
  let simulator = firstSimulator;
  const s3 = new S3Client({ ...AWS, endpoint, forcePathStyle: true });
  const sqs = new SQSClient({ ...AWS, endpoint });
  const bucket = `results-${id}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const { QueueUrl: deadUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `renders-dead-${id}` }));
  const { QueueUrl: sqsUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `renders-${id}` }));
  const amqpQueue = `nightly-${id}`;
  const folder = aFolder();
  const { posts, url: postbackUrl, close: closeWebServer } = await aWebServer();

  const simulate = async (method: string, params: unknown = {}, url = simulator.url): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 });
    const answer = await fetch(url, {
      method: 'POST',
      // A connection that is kept would be closed by a server in the moment in which it is used again.
      headers: { 'content-type': 'application/json', connection: 'close' },
      body,
    });
    const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
    if (error) throw new Error(error.message);
    return result;
  };

  return {
    engine,
    get simulator() {
      return simulator;
    },
    restartSimulator: async () => {
      await simulator.stop();
      const port = Number(new URL(simulator.url).port);
      // Somebody else's connection may have the port for a moment.
      simulator = await until(() => startSimulatorProcess({ env: process.env, port }).catch(() => undefined));
    },
    s3,
    sqs,
    bucket,
    sqsUrl,
    amqpQueue,
    posts,
    postbackUrl,
    folder,
    config: (
      name,
      {
        listenQueue = 'local',
        allow = [],
        dqm = [],
        host = 'gpu-01',
        data = 'data',
        gateway = '127.0.0.1:0',
        deadLetterUrl = deadUrl,
        realityServer = simulator.url,
      } = {},
    ) =>
      folder.file(
        name,
        `<user queue_manager>
  allow_command render_product
  allow_command big_result
  allow_command echo
  allow_command sleep
  allow_command fault
${allow.map((command) => `  allow_command ${command}`).join('\n')}
  listen_queue ${listenQueue}
</user>
<user aws>
  region ${AWS.region}
  endpoint ${endpoint}
  access_key_id test
  secret_access_key test
  <user s3>
    path_style on
  </user>
  <user queue>
    name renders
    url ${sqsUrl}
    dead_letter_url ${deadLetterUrl}
    max_waiting_jobs unlimited
  </user>
</user>
${servers().amqpUrl === undefined ? '' : amqpLines(servers().amqpUrl ?? '', amqpQueue)}
<user dqm>
  temporal_address ${temporalAddress}
  temporal_namespace ${engine.namespace}
  data_folder ${data}
  host_name ${host}
  realityserver_url ${realityServer}
  metrics_address 127.0.0.1:0
  gateway_address ${gateway}
  <user queue>
    name local
  </user>
${dqm.map((line) => `  ${line}`).join('\n')}
</user>
`,
      ),
    simulate,
    calls: async (command, url) =>
      (await simulate('sim_calls', { command }, url)) as Awaited<ReturnType<Farm['calls']>>,
    object: async (key) => {
      const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), contentType: ContentType };
    },
    close: async () => {
      await closeWebServer();
      await simulator.stop();
      await engine.close();
      s3.destroy();
      sqs.destroy();
      folder.remove();
    },
  };
}

const amqpLines = (url: string, queue: string): string => `<user amqp>
  <user queue>
    name nightly
    url ${url}
    queue ${queue}
    declare on
    dead_letter_queue ${queue}-dead
    max_waiting_jobs unlimited
  </user>
</user>`;

async function aWebServer(): Promise<{ posts: TakenPost[]; url: string; close(): Promise<void> }> {
  const posts: TakenPost[] = [];
  const server = createServer((request, response) => {
    buffer(request).then(
      (body) => {
        posts.push({ path: request.url ?? '', headers: request.headers, body });
        response.end('taken');
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    posts,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
