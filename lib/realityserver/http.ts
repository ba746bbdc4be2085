import { addAbortListener } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import type { JsonText } from '../contract/job-input.ts';

import { resultOf } from './answer.ts';
import {
  RealityServerError,
  type CommandResult,
  type CommandRun,
  type OnProgress,
  type RealityServer,
} from './client.ts';
import { post } from './post.ts';
import { startOnWebSocket } from './web-socket/start.ts';

export interface RealityServerOptions {
  /** `http://` or `https://`; user info becomes Basic authentication and stands in no message. */
  url: string;
  /** Default: 10 s, name resolution and TLS included. */
  connectTimeoutMs?: number;
  /** Default: `http`. `websocket`: commands whose progress is asked for go over one, and report it in percent. */
  progress?: 'http' | 'websocket';
  /** Most of a JSON answer that is held in memory, bytes. Default: 64 MiB. Binary results are streamed, whatever their size. */
  maxJsonBytes?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** RealityServer's JSON-RPC over HTTP. Each command has a connection of its own, so that a broken one tells of this command. */
export function createRealityServer(options: RealityServerOptions): RealityServer & { close(): Promise<void> } {
  const { url, connectTimeoutMs = CONNECT_TIMEOUT_MS, maxJsonBytes = MAX_JSON_BYTES, progress = 'http' } = options;
  const address = new URL(url);
  const server = address.origin;
  const headers = headersFor(address);
  address.username = address.password = '';
  const running = new Set<ClientRequest>();

  function start(command: string, parameters: JsonText, onProgress?: OnProgress): CommandRun {
    const body = requestText(command, parameters);
    const closing = new AbortController();
    const { request, answer, wasConnected } = post({ url: address, headers, body, connectTimeoutMs }, closing.signal);
    running.add(request);
    request.once('close', () => running.delete(request));

    // What ended the wait is the reason, not what became of the connection.
    const unless = (broken: (cause: unknown) => Error) => (cause: unknown) =>
      closing.signal.aborted ? (closing.signal.reason as Error) : broken(cause);
    const unanswered = unless((cause) =>
      wasConnected()
        ? new RealityServerError('HostFault', `the connection to ${server} broke before ${command} had answered`, {
            cause,
            connectionBroke: true,
          })
        : new RealityServerError('HostFault', `no connection to ${server}`, { cause }),
    );
    const cut = unless(
      (cause) =>
        new RealityServerError('UnexpectedResult', `${command} gave less than all of its result: ${server} ended it`, {
          cause,
          connectionBroke: true,
        }),
    );

    const arrived = answer.then(
      (head) => relayed(head, onProgress),
      (error: unknown) => {
        throw unanswered(error);
      },
    );
    const result = arrived.then(({ head, relay }) => resultOf(head, relay, { command, server, maxJsonBytes, cut }));
    result.catch(() => undefined);
    return {
      answer: result,
      ended: new Promise((resolve) => request.once('close', () => resolve())),
      discard: () => void arrived.then(({ head, relay }) => head.unpipe(relay).resume()).catch(() => undefined),
      close: (reason) => closing.abort(reason),
    };
  }

  async function run(command: string, parameters: JsonText, signal: AbortSignal): Promise<CommandResult> {
    signal.throwIfAborted();
    const sent = start(command, parameters);
    const listening = addAbortListener(signal, () => sent.close(signal.reason as Error));
    void sent.ended.then(() => listening[Symbol.dispose]());
    try {
      const result = await sent.answer;
      result.bytes.once('close', () => sent.close(new Error('nobody reads on')));
      return result;
    } catch (error) {
      sent.close(error as Error);
      throw error;
    }
  }

  return {
    start: (command, parameters, onProgress) =>
      progress === 'websocket' && onProgress
        ? startOnWebSocket({ url: address, headers, connectTimeoutMs }, command, parameters, onProgress)
        : start(command, parameters, onProgress),
    run,
    version: async (signal) => versionOf(await run('get_version', '{}', signal), server),
    close: () => {
      for (const request of running) request.destroy(new Error('the client was closed'));
      return Promise.resolve();
    },
  };
}

/** The answer's bytes, on a way of their own that may end while they go on coming. */
function relayed(head: IncomingMessage, onProgress?: OnProgress): { head: IncomingMessage; relay: PassThrough } {
  const relay = new PassThrough();
  if (onProgress) {
    const size = Number(head.headers['content-length'] ?? Number.NaN);
    let bytes = 0;
    head.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      onProgress(size > 0 ? (100 * bytes) / size : undefined);
    });
  }
  head.once('error', (error) => relay.destroy(error));
  return { head, relay: head.pipe(relay) };
}

/** The parameters' text is put in as it came: 2^53+1, `5.0`, duplicate and `__proto__` keys would not survive a parser. */
const requestText = (command: string, parameters: JsonText): string =>
  `{"jsonrpc":"2.0","method":${JSON.stringify(command)},"params":${parameters},"id":1}`;

function headersFor({ username, password }: URL): Record<string, string> {
  const headers = { 'content-type': 'application/json' };
  if (username === '' && password === '') return headers;
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  return { ...headers, authorization: `Basic ${credentials}` };
}

/** A `%` that encodes nothing stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function versionOf({ mimeType, bytes }: CommandResult, server: string): Promise<string> {
  if (mimeType === 'application/json') {
    const version: unknown = JSON.parse(await text(bytes));
    if (typeof version === 'string') return version;
  }
  bytes.destroy();
  throw new RealityServerError('UnexpectedResult', `get_version of ${server} did not answer with a string`);
}
