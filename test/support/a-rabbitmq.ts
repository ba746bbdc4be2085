import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { findRabbitMq, startRabbitMq, type RabbitMq } from '../../lib/servers/rabbitmq.ts';

/** A broker of a test file's own, to be configured, tormented and restarted. */
export interface TestRabbitMq extends RabbitMq {
  /** `rabbitmqctl`. */
  control(...args: string[]): Promise<string>;
}

export interface RabbitMqChanges {
  /** Lines of `rabbitmq.conf`. */
  settings: readonly string[];
  /** What only the older format knows: an Erlang term. */
  advanced: string;
  plugins: readonly string[];
}

export async function aRabbitMq({ settings, advanced, plugins }: RabbitMqChanges): Promise<TestRabbitMq> {
  const script = await findRabbitMq(process.env);
  if (script === undefined) throw new Error('RabbitMQ is not installed: describeWithAmqp skips tests that need it');
  const folder = mkdtempSync(join(tmpdir(), 'dqm-rabbitmq-'));
  writeFileSync(join(folder, 'rabbitmq.conf'), settings.map((line) => `${line}\n`).join(''));
  writeFileSync(join(folder, 'advanced.config'), `${advanced}.\n`);
  writeFileSync(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].\n`);
  const rabbitMq = await startRabbitMq({ script, folder, env: process.env });
  const tool = join(dirname(script), 'rabbitmqctl');
  return {
    ...rabbitMq,
    control: async (...args) =>
      (await promisify(execFile)(tool, args, { env: { ...process.env, ...rabbitMq.settings } })).stdout,
    stop: async () => {
      await rabbitMq.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
