import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Agent } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';

import { createSqs } from '../../lib/aws.ts';
import { silenceAwsNotice } from '../../lib/config/environment.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';
import { inTurn, post } from './load.ts';
import { memoryDuring } from './memory.ts';
import { webSockets } from './web-sockets.ts';

/** Measures the gateway against a plain proxy, the server itself and a plain send, turn by turn. */
const GIGABYTE = 1_000_000_000;

silenceAwsNotice();
const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-gateway-'));
const children: ChildProcess[] = [];
const [simulator, emulator] = await Promise.all([startSimulatorProcess({ env }), startEmulator({ env })]);
const client = {
  region: 'eu-west-1',
  endpoint: emulator.endpoint,
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
};
const sqs = createSqs({ sqs: client, s3: { ...client, pathStyle: true } });

try {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'bench' }));
  const plain = await firstLine(join(import.meta.dirname, 'plain-proxy.js'), [simulator.url]);
  const gateway = await startGateway(QueueUrl);
  const results = {
    passThrough: await passThrough(plain, gateway.url),
    submit: await submit(QueueUrl, gateway.url),
    gigabyte: await memoryDuring(gateway.pid, () => bigResult(gateway.url)),
    webSockets: await memoryDuring(gateway.pid, () => webSockets(gateway.url)),
  };
  const text = `${JSON.stringify(results, undefined, 2)}\n`;
  process.stdout.write(text);
  await writeFile(join(process.cwd(), 'bench/gateway/results.json'), text);
} finally {
  for (const child of children) child.kill('SIGKILL');
  sqs.destroy();
  await Promise.all([simulator.stop(), emulator.stop()]);
  await rm(folder, { recursive: true, force: true });
}
process.exit();

/** Each of them in each round, so that a busy machine is as busy for all. The first round warms up. */
async function passThrough(plain: string, gateway: string) {
  const body = '{"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":1}';
  const urls = { direct: simulator.url, plain, gateway };
  const call = (url: string) => async (agent: Agent) => void (await post(url, body, agent));
  return inTurn({ direct: call(urls.direct), plain: call(urls.plain), gateway: call(urls.gateway) });
}

async function submit(QueueUrl: string, gateway: string) {
  const job = '"command":"echo","parameters":{"scene":"chair.mi"},"tasks":[]';
  const call = `{"jsonrpc":"2.0","method":"queue_manager_submit_job","params":{"queue_name":"bench",${job}},"id":1}`;
  const message = { QueueUrl, MessageBody: `{${job}}` };
  return inTurn({
    send: async () => void (await sqs.send(new SendMessageCommand(message))),
    gateway: async (agent) => void (await post(gateway, call, agent)),
  });
}

async function bigResult(url: string): Promise<void> {
  const params = { bytes: GIGABYTE, chunked: true };
  const bytes = await post(url, JSON.stringify({ method: 'big_result', params, id: 1 }));
  if (bytes !== GIGABYTE) throw new Error(`${bytes} bytes came`);
}

async function startGateway(queueUrl: string): Promise<{ url: string; pid: number }> {
  const file = join(folder, 'realityserver.conf');
  await writeFile(
    file,
    `<user queue_manager>
    allow_command echo
</user>
<user aws>
    region eu-west-1
    endpoint ${emulator.endpoint}
    access_key_id x
    secret_access_key x
    <user queue>
        name bench
        url ${queueUrl}
    </user>
</user>
<user dqm>
    realityserver_url ${simulator.url}
    data_folder data
    metrics_address 127.0.0.1:0
    gateway_address 127.0.0.1:0
</user>
`,
  );
  const program = join(import.meta.dirname, '../../cli/main.js');
  const child = spawn(process.execPath, [program, 'gateway', '--config', file], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  for await (const line of createInterface(child.stderr)) {
    const { msg, address } = JSON.parse(line) as { msg: string; address?: string };
    if (msg !== 'Gateway listens' || child.pid === undefined) continue;
    child.stderr.resume();
    await delay(500);
    return { url: `http://${address}/`, pid: child.pid };
  }
  throw new Error('the gateway did not start');
}

async function firstLine(script: string, args: string[]): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return (JSON.parse(line) as { url: string }).url;
}
