import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEngine } from '../../lib/engine/binary.ts';
import { startEmbeddedEngine } from '../../lib/engine/embedded.ts';
import { createLog } from '../../lib/log.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { findRabbitMq, RABBITMQ_HINT, startRabbitMq } from '../../lib/servers/rabbitmq.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { SERVERS_VARIABLE, type TestServers } from './servers.ts';

interface Run {
  started: Set<ServerName>;
  servers: Partial<TestServers>;
  closers: (() => Promise<void>)[];
  stopped?: Promise<void>;
}

/** Of the whole process: each of Jest's hooks may load this file anew. */
const shared = globalThis as typeof globalThis & { dqmTestRun?: Run };
const log = createLog({ level: 'warn' });
const { env } = process;

const STARTERS = {
  async engine({ servers, closers }: Run) {
    const enginePath = await findEngine({ env, log: createLog() });
    const namespace = 'default';
    const options = { binary: enginePath, env, port: 0, uiPort: 0, namespace, log };
    const engine = await stopped(closers, startEmbeddedEngine(options));
    Object.assign(servers, {
      enginePath,
      temporalAddress: engine.address,
      temporalNamespace: namespace,
      temporalUiUrl: engine.uiUrl,
    });
  },

  async emulator({ servers, closers }: Run) {
    const emulator = await stopped(closers, startEmulator({ env }));
    servers.awsEndpoint = emulator.endpoint;
  },

  async workflows({ servers, closers }: Run) {
    const folder = await mkdtemp(join(tmpdir(), 'dqm-workflows-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const { code } = await bundleWorkflows(log);
    servers.workflowBundle = { codePath: join(folder, 'bundle.cjs') };
    await writeFile(servers.workflowBundle.codePath, code);
  },

  async rabbitMq({ servers, closers }: Run) {
    const script = await findRabbitMq(env);
    if (!script && env['CI']) throw new Error(`RabbitMQ is not installed: ${RABBITMQ_HINT}`);
    if (!script) return console.warn(`RabbitMQ is not installed, AMQP tests are skipped: ${RABBITMQ_HINT}`);
    const folder = await mkdtemp(join(tmpdir(), 'dqm-rabbitmq-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const rabbitMq = await stopped(closers, startRabbitMq({ script, folder, env }));
    servers.amqpUrl = rabbitMq.url;
    servers.rabbitMqSettings = rabbitMq.settings;
  },
};

/** Also when the run ends while it still starts: only then is its folder nobody's. */
function stopped<T extends { stop(): Promise<void> }>(closers: Run['closers'], starting: Promise<T>): Promise<T> {
  closers.push(async () => {
    const server = await starting.catch(() => undefined); // whoever started it has seen the error
    await server?.stop();
  });
  return starting;
}

type ServerName = keyof typeof STARTERS;

/** Starts those that this run has not started yet, and leaves where they are to the tests. */
export async function startTestServers(names: readonly ServerName[]): Promise<void> {
  const run = (shared.dqmTestRun ??= openRun());
  const missing = names.filter((name) => !run.started.has(name));
  for (const name of missing) run.started.add(name);
  const starts = await Promise.allSettled(missing.map((name) => STARTERS[name](run)));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed) {
    await stopTestServers();
    throw failed.reason;
  }
  env[SERVERS_VARIABLE] = JSON.stringify(run.servers);
}

/** Last opened first: a server before its folder. */
export function stopTestServers(): Promise<void> {
  const run = shared.dqmTestRun;
  return run ? (run.stopped ??= closeAll(run)) : Promise.resolve();
}

async function closeAll({ closers }: Run): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

/** Jest's own answer to Ctrl-C runs no globalTeardown. */
function openRun(): Run {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => void stopTestServers().finally(() => process.exit(exitCode)));
  }
  return { started: new Set(), servers: {}, closers: [] };
}
