import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import type { Opened } from '../../cli/process.ts';

/** A server in a process of its own. */
export interface Server {
  url: string;
  pid: number;
}

export interface GatewayPlaces {
  folder: string;
  realityServerUrl: string;
  sqs: { endpoint: string; url: string };
  amqp: { url: string; queue: string };
  opened: Opened;
}

/** `dqm gateway` without an engine: what is measured here needs none. */
export async function startGateway({ folder, realityServerUrl, sqs, amqp, opened }: GatewayPlaces): Promise<Server> {
  const file = join(folder, 'realityserver.conf');
  await writeFile(
    file,
    `<user queue_manager>
    allow_command echo
</user>
<user aws>
    region eu-west-1
    endpoint ${sqs.endpoint}
    access_key_id x
    secret_access_key x
    <user queue>
        name sqs
        url ${sqs.url}
    </user>
</user>
<user amqp>
    <user queue>
        name amqp
        url ${amqp.url}
        queue ${amqp.queue}
    </user>
</user>
<user dqm>
    realityserver_url ${realityServerUrl}
    data_folder data
    metrics_address 127.0.0.1:0
    gateway_address 127.0.0.1:0
</user>
`,
  );
  const program = join(import.meta.dirname, '../../cli/main.js');
  const server = await started([program, 'gateway', '--config', file], opened, 'stderr', (line) => {
    const { msg, address } = JSON.parse(line) as { msg: string; address?: string };
    return msg === 'Gateway listens' ? `http://${address}/` : undefined;
  });
  await delay(500);
  return server;
}

/** One of the rivals beside this file: it says where it listens. */
export const startRival = (script: string, argument: string, opened: Opened): Promise<Server> =>
  started(
    [join(import.meta.dirname, script), argument],
    opened,
    'stdout',
    (line) => (JSON.parse(line) as { url: string }).url,
  );

async function started(
  args: string[],
  opened: Opened,
  says: 'stdout' | 'stderr',
  urlIn: (line: string) => string | undefined,
): Promise<Server> {
  opened.signal.throwIfAborted();
  const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  opened.closes(() => child.kill('SIGKILL'));
  child[says === 'stdout' ? 'stderr' : 'stdout'].resume();
  for await (const line of createInterface(child[says])) {
    const url = urlIn(line);
    if (url === undefined || child.pid === undefined) continue;
    child[says].resume();
    return { url, pid: child.pid };
  }
  throw new Error(`${args[0]} did not start`);
}
