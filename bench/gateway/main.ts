import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { silenceAwsNotice } from '../../lib/config/environment.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { findRabbitMq, RABBITMQ_HINT, startRabbitMq } from '../../lib/servers/rabbitmq.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';

import { besideFuzz } from './beside-fuzz.ts';
import { CALLERS, inTurn } from './load.ts';
import { benchSqs, type Queue } from './plain-send.ts';
import { memoryDuring } from '../process-figures.ts';
import { startGateway, startRival, stopServers } from './servers.ts';
import { gatewayTable, type GatewayResults } from './table.ts';
import { webSockets } from './web-sockets.ts';

/** Measures the gateway against a plain proxy, the server itself and plain sends, turn by turn. */
const GIGABYTE = 1_000_000_000;
const SOCKETS_MS = 8_000;
const ECHO = '{"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":1}';
const JOB = '"command":"echo","parameters":{"scene":"chair.mi"},"tasks":[]';

silenceAwsNotice();
const env = process.env;
const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-gateway-'));
const script = await findRabbitMq(env);
if (script === undefined) throw new Error(`RabbitMQ is not installed: ${RABBITMQ_HINT}`);
const [simulator, emulator, rabbitMq] = await Promise.all([
  startSimulatorProcess({ env }),
  startEmulator({ env }),
  startRabbitMq({ script, folder: join(folder, 'rabbitmq'), env }),
]);

try {
  const sqs = { kind: 'sqs', endpoint: emulator.endpoint, url: await sqsQueue() } as const;
  const amqp = { kind: 'amqp', url: rabbitMq.url, queue: await amqpQueue() } as const;
  const gateway = await startGateway({ folder, realityServerUrl: simulator.url, sqs, amqp });
  const proxy = await startRival('plain-proxy.js', simulator.url);
  const echo = (url: string) => ({ kind: 'post', url, body: ECHO }) as const;
  const results: GatewayResults = {
    passThrough: await inTurn({
      direct: { target: echo(simulator.url) },
      proxy: { target: echo(proxy.url), pid: proxy.pid },
      gateway: { target: echo(gateway.url), pid: gateway.pid },
    }),
    submitSqs: await submit(sqs),
    submitAmqp: await submit(amqp),
    besideFuzz: await besideFuzz(gateway.url, echo(gateway.url)),
    gigabyte: await memoryDuring(gateway.pid, () => bigResult(gateway.url)),
    webSockets: await memoryDuring(gateway.pid, () => webSockets(gateway.url, SOCKETS_MS)),
  };
  process.stdout.write(gatewayTable(results));
  await writeFile(join(process.cwd(), 'bench/gateway/results.json'), `${JSON.stringify(results, undefined, 2)}\n`);

  async function submit(queue: Queue) {
    const server = await startRival('plain-submit.js', JSON.stringify(queue));
    const params = `{"queue_name":"${queue.kind}",${JOB}}`;
    const body = `{"jsonrpc":"2.0","method":"queue_manager_submit_job","params":${params},"id":1}`;
    return inTurn({
      send: { target: { kind: 'send', queue, body: `{${JOB}}` } },
      server: { target: { kind: 'post', url: server.url, body }, pid: server.pid },
      gateway: { target: { kind: 'post', url: gateway.url, body }, pid: gateway.pid },
      array: {
        target: { kind: 'post', url: gateway.url, body: `[${Array(CALLERS).fill(body).join(',')}]`, calls: CALLERS },
        pid: gateway.pid,
        callers: 1,
      },
    });
  }
} finally {
  stopServers();
  await Promise.all([simulator.stop(), emulator.stop(), rabbitMq.stop()]);
  await rm(folder, { recursive: true, force: true });
}
process.exit();

async function sqsQueue(): Promise<string> {
  const sqs = benchSqs(emulator.endpoint);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'bench' }));
  sqs.destroy();
  return QueueUrl;
}

async function amqpQueue(): Promise<string> {
  const connection = await connect(rabbitMq.url);
  const channel = await connection.createChannel();
  await channel.assertQueue('bench', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await connection.close();
  return 'bench';
}

async function bigResult(url: string): Promise<void> {
  const params = { bytes: GIGABYTE, chunked: true };
  const asking = request(url, { method: 'POST' });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    asking.on('response', resolve).on('error', reject),
  );
  asking.end(JSON.stringify({ method: 'big_result', params, id: 1 }));
  let bytes = 0;
  for await (const piece of (await answered) as AsyncIterable<Buffer>) bytes += piece.length;
  if (bytes !== GIGABYTE) throw new Error(`${bytes} bytes came`);
}
