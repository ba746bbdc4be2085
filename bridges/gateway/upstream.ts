import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';

/** What is asked of the RealityServer behind. */
export interface Asked {
  method: string;
  /** With its query, as the client sent it. */
  path: string;
  /** Name, value, name, value, as they came and in their order. */
  headers: readonly string[];
  /** Absent: none. Aborted when it breaks off. */
  body?: Buffer | Readable;
}

/** The RealityServer that all passes to, or why there is none. */
export interface Upstream {
  readonly url: URL | undefined;
  /** The head of its answer, whatever its status. Rejects when no answer comes. Ended when the client goes before it has its own. */
  ask(asked: Asked, client: ServerResponse): Promise<IncomingMessage>;
  close(): void;
}

/** Ours to decide on each of the two connections (RFC 9110, 7.6.1). `expect` was answered by our own side. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Servers close an idle connection after 5 s or later: one that is closed in the moment of use loses a request. */
const IDLE_MS = 4_000;
const CONNECT_LIMIT_MS = 10_000;

/**
 * Node's own client: undici's, which the ready-made proxies use, ends the process when a server closes the connection
 * behind bytes that are still to be read, and does not tell the server that a client has gone.
 */
export function createUpstream(url: string | undefined): Upstream {
  const base = url === undefined ? undefined : new URL(url);
  const isSecure = base?.protocol === 'https:';
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, timeout: IDLE_MS });
  const root = base?.pathname.replace(/\/+$/, '') ?? '';

  return {
    url: base,
    close: () => agent.destroy(),
    ask: ({ method, path, headers, body }, client) =>
      new Promise((resolve, reject) => {
        if (client.destroyed) return reject(new Error('the client has gone'));
        if (base === undefined) return reject(new Error('the configuration names no realityserver_url'));
        const { hostname, port } = base;
        const request = (isSecure ? httpsRequest : httpRequest)({
          hostname: hostname.replace(/^\[|\]$/g, ''),
          port,
          method,
          path: root + path,
          headers: framed(headers, method, body, base.host),
          agent,
          setHost: false,
        });
        request.on('error', reject);
        client.once('close', () => {
          if (!client.writableFinished) request.destroy();
        });
        request.once('socket', (socket) => {
          if (!socket.connecting) return;
          const tooLate = setTimeout(
            () => request.destroy(new Error(`not connected after ${CONNECT_LIMIT_MS} ms`)),
            CONNECT_LIMIT_MS,
          );
          socket.once('connect', () => clearTimeout(tooLate)).once('close', () => clearTimeout(tooLate));
        });
        request.once('response', resolve);
        if (body === undefined || Buffer.isBuffer(body)) return request.end(body);
        body.once('error', (error) => request.destroy(error)).pipe(request);
      }),
  };
}

const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Says how the body ends, whatever the method; and a host, which only HTTP/1.0 leaves out. */
function framed(headers: readonly string[], method: string, body: Asked['body'], host: string): string[] {
  const has = (name: string): boolean => headers.some((each, at) => at % 2 === 0 && each.toLowerCase() === name);
  // Of others Node would say that chunks follow.
  const mayHaveBody = !WITHOUT_BODY.has(method);
  return [
    ...headers,
    ...(has('host') ? [] : ['Host', host]),
    ...(has('content-length') ? [] : bodyHeaders(body, mayHaveBody)),
  ];
}

function bodyHeaders(body: Asked['body'], mayHaveBody: boolean): string[] {
  if (Buffer.isBuffer(body)) return ['Content-Length', String(body.length)];
  if (body !== undefined) return ['Transfer-Encoding', 'chunked'];
  return mayHaveBody ? ['Content-Length', '0'] : [];
}

/** Without what concerns one connection alone, and without those named. */
export function endToEnd(rawHeaders: readonly string[], without: ReadonlySet<string> = new Set()): string[] {
  const named = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'connection') continue;
    for (const name of rawHeaders[at + 1]?.split(',') ?? []) named.add(name.trim().toLowerCase());
  }
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    const key = name.toLowerCase();
    if (!OF_CONNECTION.has(key) && !named.has(key) && !without.has(key)) kept.push(name, value);
  }
  return kept;
}
