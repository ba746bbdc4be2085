import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type TLSConfig } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnection } from '@temporalio/worker';
import type { DqmConfig } from './config/config.ts';
import { runningEngine } from './engine/address-file.ts';
import { grpcAnswerIn, isGrpcStatus } from './grpc.ts';
import { errorText, type Log } from './log.ts';
import { untilAborted } from './run.ts';
import { refusalAt } from './servers/ports.ts';

const USUAL_ADDRESS = '127.0.0.1:7233';
/** Across an ocean and through a proxy a connection is there in less. */
const CONNECT_LIMIT_MS = 3_000;
/** For an engine that is there, on a machine with other work. */
const LATE_ANSWER_LIMIT_MS = 10_000;
const FIRST_PAUSE_MS = 500;
/** A process is ready at most this long after its engine. */
const LONGEST_PAUSE_MS = 10_000;

/** How to reach an engine: every client and worker is made of one of these. */
export interface TemporalOptions {
  address: string;
  namespace: string;
  tls?: TLSConfig | boolean;
  apiKey?: string;
  metadata?: Record<string, string>;
  /** Give it to `Worker.create` too: a native connection has none. */
  dataConverter?: DataConverter;
}

/**
 * Temporal's own environment variables and profiles win over `temporal_address`; then comes the engine that runs in
 * `data_folder`, then 127.0.0.1:7233.
 */
export async function connectionOptions(
  { dqm }: { dqm: Pick<DqmConfig, 'temporalAddress' | 'temporalNamespace' | 'dataFolder'> },
  env: NodeJS.ProcessEnv,
): Promise<TemporalOptions> {
  const { namespace, connectionOptions: own } = fromEnvironment(env);
  const address = own.address ?? dqm.temporalAddress ?? (await runningEngine(dqm.dataFolder))?.address ?? USUAL_ADDRESS;
  return {
    address,
    namespace: namespace ?? dqm.temporalNamespace,
    ...(own.tls !== undefined && own.tls !== null && { tls: own.tls }),
    ...(own.apiKey && { apiKey: own.apiKey }),
    ...(own.metadata && { metadata: own.metadata as Record<string, string> }),
  };
}

/** Whether the environment or the file names an engine; without one, `dqm up` starts its own. */
export const namesEngine = ({ dqm }: { dqm: Pick<DqmConfig, 'temporalAddress'> }, env: NodeJS.ProcessEnv): boolean =>
  fromEnvironment(env).connectionOptions.address !== undefined || dqm.temporalAddress !== undefined;

/** With a signal: retried until it is aborted, with one warning. Without: one attempt. */
export interface ConnectRetry {
  log: Log;
  signal: AbortSignal;
}

export interface TemporalClient {
  client: Client;
  connection: Connection;
  close(): Promise<void>;
}

/** Rejects at once when the engine refuses the credentials. */
export async function connectClient(options: TemporalOptions, retry?: ConnectRetry): Promise<TemporalClient> {
  const connection = await whenReachable(options, retry, () => connectOnce(options, retry?.signal));
  return { client: clientOn(connection, options), connection, close: () => connection.close() };
}

/** For one Worker: two of one task queue on one connection are refused. Rejects as `connectClient`. */
export async function connectWorker(options: TemporalOptions, retry?: ConnectRetry): Promise<NativeConnection> {
  return whenReachable(options, retry, async () => {
    // The client says why it was refused, the native one gives a text.
    await (await connectOnce(options, retry?.signal)).close();
    // Loaded where a worker is made: it takes longer than all else that a command needs which only asks.
    const worker = await import('@temporalio/worker');
    return worker.NativeConnection.connect(addressAndCredentials(options));
  });
}

/** On a worker's own connection that worker may get the first step of a workflow that is started with the answer. */
export const clientOn = (
  connection: Connection | NativeConnection,
  { namespace, dataConverter }: Pick<TemporalOptions, 'namespace' | 'dataConverter'>,
): Client => new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });

/** Connects with its first call. */
export const lazyConnection = (options: TemporalOptions, limitMs = CONNECT_LIMIT_MS): Connection =>
  Connection.lazy({ ...addressAndCredentials(options), connectTimeout: limitMs });

/**
 * Who takes connections gets a second and longer try before it counts as unreachable. Says it nothing at all, it keeps
 * nobody who is told to stop.
 */
async function connectOnce(options: TemporalOptions, signal = NEVER): Promise<Connection> {
  try {
    return await connectWithin(options, CONNECT_LIMIT_MS, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isTimeUp(error) || (await refusalAt(options.address)) !== undefined) throw error;
    return connectWithin(options, LATE_ANSWER_LIMIT_MS, signal);
  }
}

async function connectWithin(options: TemporalOptions, limitMs: number, signal: AbortSignal): Promise<Connection> {
  const connection = lazyConnection(options, limitMs);
  try {
    await abandonable(connection, signal, () => connection.ensureConnected());
    signal.throwIfAborted();
    return connection;
  } catch (error) {
    // Connection.connect would leave behind a channel that goes on trying.
    await connection.close();
    throw error;
  }
}

/**
 * What `call` gives; undefined once `signal` is aborted, and nothing of the call is left then. The client itself would
 * leave a listener of each call with the signal.
 */
export async function abandonable<T>(
  connection: Connection,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T | undefined> {
  const abandoned = new AbortController();
  const answer = await untilAborted(connection.withAbortSignal(abandoned.signal, call), signal, undefined);
  abandoned.abort();
  return answer;
}

const NEVER = new AbortController().signal;

function addressAndCredentials({ address, tls, apiKey, metadata }: TemporalOptions) {
  return { address, ...(tls !== undefined && { tls }), ...(apiKey && { apiKey }), ...(metadata && { metadata }) };
}

async function whenReachable<T>(
  { address }: TemporalOptions,
  retry: ConnectRetry | undefined,
  connect: () => Promise<T>,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    retry?.signal.throwIfAborted();
    try {
      const connection = await connect();
      if (pauseMs > FIRST_PAUSE_MS) retry?.log.info('Temporal engine reached', { address });
      return connection;
    } catch (error) {
      retry?.signal.throwIfAborted();
      const reason = await reasonOf(error, address);
      if (isGrpcStatus(error, 'unauthenticated', 'permissionDenied')) {
        throw new Error(`the Temporal engine at ${address} refuses our credentials: ${reason}`, { cause: error });
      }
      if (!retry) throw new Error(`cannot reach the Temporal engine at ${address}: ${reason}`, { cause: error });
      if (pauseMs === FIRST_PAUSE_MS) {
        retry.log.warn('Temporal engine unreachable, trying again until it answers', { address, reason });
      }
      await delay(pauseMs, undefined, { signal: retry.signal });
    }
  }
}

/** The client only says that time was up. */
async function reasonOf(error: unknown, address: string): Promise<string> {
  if (!isTimeUp(error)) return grpcAnswerIn(error)?.details ?? errorText(error);
  return (
    (await refusalAt(address)) ??
    'it takes connections but does not answer as Temporal does (is TLS set the same on both sides?)'
  );
}

/** Either no channel came about, or no answer through it. */
const isTimeUp = (error: unknown): boolean =>
  grpcAnswerIn(error) ? isGrpcStatus(error, 'deadlineExceeded') : errorText(error).includes('deadline');

function fromEnvironment(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    // The message of a broken file shows its lines, and one may hold a key: only its first line, and no cause.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`Temporal's own settings (TEMPORAL_… or temporal.toml): ${errorText(error).split('\n')[0]}`);
  }
}
