import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import type { Opened } from '../../cli/process.ts';
import { environment } from '../../lib/config/environment.ts';
import { createLog } from '../../lib/log.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { findRabbitMq, RABBITMQ_HINT, startRabbitMq } from '../../lib/servers/rabbitmq.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';

import { besideFuzz } from './beside-fuzz.ts';
import { CALLERS, inTurn } from './load.ts';
import { benchSqs, type Queue } from './plain-send.ts';
import { memoryDuring } from '../process-figures.ts';
import { runBench } from '../run-bench.ts';
import { startGateway, startRival, type Server } from './servers.ts';
import { gatewayTable, type GatewayResults } from './table.ts';
import { webSockets } from './web-sockets.ts';

/** Measures the gateway against a plain proxy, the server itself and plain sends, turn by turn. */
const GIGABYTE = 1_000_000_000;
const SOCKETS_MS = 8_000;
const ECHO = '{"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":1}';
const echo = (url: string) => ({ kind: 'post', url, body: ECHO }) as const;
const JOB = '"command":"echo","parameters":{"scene":"chair.mi"},"tasks":[]';

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'gateway/results.json',
  open: async ({ folder, opened }) => {
    const { simulatorUrl, sqs, amqp } = await openBrokers(folder, opened);
    const gateway = await startGateway({ folder, realityServerUrl: simulatorUrl, sqs, amqp, opened });
    const proxy = await startRival('plain-proxy.js', simulatorUrl, opened);
    return async (): Promise<GatewayResults> => ({
      passThrough: await inTurn({
        direct: { target: echo(simulatorUrl) },
        proxy: { target: echo(proxy.url), pid: proxy.pid },
        gateway: { target: echo(gateway.url), pid: gateway.pid },
      }),
      submitSqs: await submit(sqs, gateway, opened),
      submitAmqp: await submit(amqp, gateway, opened),
      besideFuzz: await besideFuzz(gateway.url, echo(gateway.url)),
      gigabyte: await memoryDuring(gateway.pid, () => bigResult(gateway.url)),
      webSockets: await memoryDuring(gateway.pid, () => webSockets(gateway.url, SOCKETS_MS)),
    });
  },
  table: gatewayTable,
});

async function openBrokers(folder: string, opened: Opened) {
  const env = environment();
  const script = await findRabbitMq(env);
  if (script === undefined) throw new Error(`RabbitMQ is not installed: ${RABBITMQ_HINT}`);
  const simulator = await startSimulatorProcess({ env });
  opened.needs(simulator);
  const emulator = await startEmulator({ env });
  opened.needs(emulator);
  const rabbitMq = await startRabbitMq({ script, folder: join(folder, 'rabbitmq'), env });
  opened.needs(rabbitMq);
  const { endpoint } = emulator;
  const { url } = rabbitMq;
  return {
    simulatorUrl: simulator.url,
    sqs: { kind: 'sqs', endpoint, url: await sqsQueue(endpoint) } as const,
    amqp: { kind: 'amqp', url, queue: await amqpQueue(url) } as const,
  };
}

async function submit(queue: Queue, gateway: Server, opened: Opened) {
  const server = await startRival('plain-submit.js', JSON.stringify(queue), opened);
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

async function sqsQueue(endpoint: string): Promise<string> {
  const sqs = benchSqs(endpoint);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'bench' }));
  sqs.destroy();
  return QueueUrl;
}

async function amqpQueue(url: string): Promise<string> {
  const connection = await connect(url);
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
