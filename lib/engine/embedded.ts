import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.ts';
import type { Log } from '../log.ts';
import { keep, type Kept } from '../servers/keep.ts';
import { accepts, freePort, isFree, portOwner } from '../servers/ports.ts';
import { connectClient, type TemporalClient, type TemporalOptions } from '../temporal.ts';
import { forgetEngine, rememberEngine, runningEngine } from './address-file.ts';
import { dynamicConfigFlags } from './dynamic-config.ts';
import { prepareNamespace } from './prepare.ts';

const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;
/** Up in 0.3 s; the first start with an old and large database takes longer. */
const START_LIMIT_MS = 60_000;
/** Between our look for a free port and its start somebody else may take it. */
const STARTS = 3;

export interface EmbeddedEngineOptions {
  /** From `findEngine`. */
  binary: string;
  /** Keeps `engine.db` between runs. Absent: in memory. */
  dataFolder?: string;
  env: NodeJS.ProcessEnv;
  /** Taken = refused. Absent: 7233, or a free one when somebody uses that. 0: a free one. */
  port?: number;
  /** The same with 8233. */
  uiPort?: number;
  namespace: string;
  log: Log;
}

/** Temporal on this machine. It ends with this process, however that ends. */
export interface Engine {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  /** Rejects when it ended by itself. */
  readonly done: Promise<void>;
  /** Call it when the workers have drained: until then Ctrl-C does not reach it. */
  stop(): Promise<void>;
}

/** Resolves when the namespace, its retention and its search attributes are there. Leaves its address in the data folder. */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions): Promise<Engine> {
  const { dataFolder } = options;
  if (dataFolder !== undefined) {
    await mkdir(dataFolder, { recursive: true });
    const running = await runningEngine(dataFolder);
    if (running) {
      throw new Error(
        `an engine at ${running.address} (process ${running.pid}) already uses ${dataFolder}: stop that one, or name another data_folder`,
      );
    }
  }
  for (let start = 1; ; start += 1) {
    const port = await choosePort(options.port, USUAL_PORT);
    const uiPort = await choosePort(options.uiPort, USUAL_UI_PORT);
    try {
      return await startOn(port, uiPort, options);
    } catch (error) {
      const taken = !(await isFree(port)) || !(await isFree(uiPort));
      if (!taken || start === STARTS) throw error;
    }
  }
}

async function startOn(port: number, uiPort: number, options: EmbeddedEngineOptions): Promise<Engine> {
  const { binary, dataFolder, env, namespace, log } = options;
  const kept = keep({
    command: binary,
    args: ['server', 'start-dev', ...flags({ port, uiPort, namespace, dataFolder })],
    env,
    folder: dataFolder ?? '/',
  });
  const address = `127.0.0.1:${port}`;
  const uiUrl = `http://127.0.0.1:${uiPort}`;
  const stop = async () => {
    await kept.stop();
    if (dataFolder !== undefined) await forgetEngine(dataFolder);
  };
  try {
    const { connection, close } = await whenItAnswers({ address, namespace }, kept);
    // It listens last: a port that was taken in the meantime ends the engine only now.
    await Promise.race([untilAccepts(`127.0.0.1:${uiPort}`), kept.done]);
    try {
      await prepareNamespace(connection, { namespace, log });
    } finally {
      await close();
    }
    if (dataFolder !== undefined) await rememberEngine(dataFolder, { address, uiUrl, namespace, pid: kept.pid });
  } catch (error) {
    await stop();
    throw error;
  }
  log.info('Engine started', { address, ui: uiUrl, dataFolder });
  return { address, namespace, uiUrl, done: kept.done, stop };
}

interface FlagsOf {
  port: number;
  uiPort: number;
  namespace: string;
  dataFolder: string | undefined;
}

function flags({ port, uiPort, namespace, dataFolder }: FlagsOf): string[] {
  return [
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--ui-port=${uiPort}`,
    '--ui-disable-news-fetch',
    `--namespace=${namespace}`,
    '--log-level=error',
    // An acknowledged message's job must survive a power cut, so no synchronous=normal; WAL makes the commits cheap.
    ...(dataFolder === undefined
      ? []
      : [`--db-filename=${join(dataFolder, 'engine.db')}`, '--sqlite-pragma=journal_mode=wal']),
    // prepareNamespace would add them as well, but a running engine takes a second for it.
    ...SEARCH_ATTRIBUTES.map(
      ({ name, type }) => `--search-attribute=${name}=${TypedSearchAttributes.toMetadataType(type)}`,
    ),
    ...dynamicConfigFlags(),
  ];
}

async function choosePort(asked: number | undefined, usual: number): Promise<number> {
  if (asked === 0) return freePort();
  if (await isFree(asked ?? usual)) return asked ?? usual;
  if (asked === undefined) return freePort();
  throw new Error(`port ${asked} is taken by ${await portOwner(asked)}: stop that one, or choose another port`);
}

async function untilAccepts(address: string): Promise<void> {
  const giveUp = Date.now() + START_LIMIT_MS;
  while (!(await accepts(address)) && Date.now() < giveUp) await delay(20);
}

async function whenItAnswers(options: TemporalOptions, kept: Kept): Promise<TemporalClient> {
  const giveUp = Date.now() + START_LIMIT_MS;
  const gone = kept.done.then(() => Promise.reject(new Error('the engine was stopped while it started')));
  for (;;) {
    try {
      // A refused gRPC connection waits a second before it tries again; the engine needs a third of that.
      while (!(await accepts(options.address)) && Date.now() < giveUp) await Promise.race([delay(20), gone]);
      return await Promise.race([connectClient(options), gone]);
    } catch (error) {
      await Promise.race([delay(20), gone]);
      if (Date.now() > giveUp) throw error;
    }
  }
}
