import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'amqplib';
import { keep } from './keep.ts';
import { freePort } from './ports.ts';

/** Where packages put the real start script. The one on Debian's PATH switches to a user of its own. */
const SCRIPT_FOLDERS = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/opt/rabbitmq/sbin', '/usr/local/opt/rabbitmq/sbin'];
/** Up in 4 to 8 s on two cores; a busy machine takes longer. */
const START_LIMIT_MS = 90_000;

/** For whoever finds it missing. */
export const RABBITMQ_HINT =
  process.platform === 'darwin' ? 'brew install rabbitmq' : 'sudo apt-get install -y rabbitmq-server';

/** A RabbitMQ node of our own: own ports, own data, gone with us. */
export interface RabbitMq {
  /** With the credentials of a fresh node. */
  readonly url: string;
  /** What `rabbitmqctl` needs in its environment to speak to this node. */
  readonly settings: NodeJS.ProcessEnv;
  /** Rejects when it ended by itself. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export interface RabbitMqOptions {
  /** From `findRabbitMq`. */
  script: string;
  /** For its data and logs. */
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** The installed `rabbitmq-server`, undefined when there is none. */
export async function findRabbitMq(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = [...SCRIPT_FOLDERS, ...(env['PATH'] ?? '').split(delimiter)];
  return firstExecutable(folders.map((folder) => join(folder, 'rabbitmq-server')));
}

/** Resolves when it accepts connections. */
export async function startRabbitMq({ script, folder, env }: RabbitMqOptions): Promise<RabbitMq> {
  const [port, distributionPort, mapperPort] = [await freePort(), await freePort(), await freePort()];
  await mkdir(folder, { recursive: true });
  const settings = nodeSettings({ folder, port, distributionPort, mapperPort });
  const own = { ...env, ...settings };
  // Erlang's port mapper is a daemon that stays behind: ours is there first, and ends with us.
  const mapper = keep({
    command: 'epmd',
    args: ['-address', '127.0.0.1', '-port', String(mapperPort)],
    env: own,
    folder,
  });
  const node = keep({ command: script, args: [], env: own, folder });
  const url = `amqp://guest:guest@127.0.0.1:${port}/`;
  const stop = async () => {
    await node.stop();
    await mapper.stop();
  };
  const done = Promise.race([node.done, mapper.done]);
  done.catch(() => {}); // whoever waits for it hears of it
  try {
    await untilItAnswers(url, done);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, settings, done, stop };
}

interface NodeSettings {
  folder: string;
  port: number;
  distributionPort: number;
  mapperPort: number;
}

function nodeSettings({ folder, port, distributionPort, mapperPort }: NodeSettings): NodeJS.ProcessEnv {
  return {
    HOME: folder, // Erlang's cookie
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapperPort),
    RABBITMQ_NODENAME: `dqm-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    // None of the machine's own settings.
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
  };
}

async function untilItAnswers(url: string, done: Promise<void>): Promise<void> {
  const giveUp = Date.now() + START_LIMIT_MS;
  const gone = done.then(() => Promise.reject(new Error('RabbitMQ was stopped while it started')));
  for (;;) {
    try {
      const connection = await Promise.race([connect(url), gone]);
      return await connection.close();
    } catch (error) {
      await Promise.race([delay(100), gone]);
      if (Date.now() > giveUp)
        throw new Error(`RabbitMQ does not answer after ${START_LIMIT_MS / 1000} s`, { cause: error });
    }
  }
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}
