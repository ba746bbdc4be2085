import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocket, WebSocketServer, type RawData } from 'ws';

import { errorText, type Log } from '../../lib/log.ts';

import { answeredId, joinAnswer, readExecute, type Frame } from './execute-frames.ts';
import type { OwnCalls, OwnOutcomes } from './run-each.ts';
import { endToEnd } from './upstream.ts';

export interface WebSocketDeps {
  /** Of the server behind; undefined when there is none. */
  url: URL | undefined;
  /** Runs our commands of one message, by their place. Never rejects. */
  run(calls: OwnCalls, request: IncomingMessage): Promise<OwnOutcomes>;
  /** A client that takes nothing of what it is sent for so long is gone. */
  idleMs: number;
  log: Log;
}

/** A client that asks for a WebSocket and may have one. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  /** As the client sent it, without our token. */
  path: string;
  /** Headers that carried our token, in lower case. */
  hidden: ReadonlySet<string>;
}

export interface WebSockets {
  accept(upgrade: Upgrade): void;
  /** Says goodbye to all. */
  close(): void;
}

/** Only here a message may hold our commands. */
const SERVICE = '/service/';
/** Pictures come whole; what clients send is smaller. */
const MOST_FROM_SERVER = 1024 * 1024 * 1024;
const MOST_FROM_CLIENT = 100 * 1024 * 1024;
/** A side that has so much ahead of it is given no more until it has caught up. */
const MOST_AHEAD = 1024 * 1024;
const HANDSHAKE_LIMIT_MS = 30_000;
const GOING_AWAY = 1001;

/** Made anew by our own side of each connection. */
const OF_HANDSHAKE = [
  'host',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
];

/** Two WebSockets back to back: every message goes on as it came, but an `execute` that holds one of our commands. */
export function createWebSockets({ url, run, idleMs, log }: WebSocketDeps): WebSockets {
  // Pings are the other side's to answer.
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_FROM_CLIENT,
    autoPong: false,
    handleProtocols: (_offered, request) => answers.get(request)?.protocol || false,
  });
  const answers = new WeakMap<IncomingMessage, { protocol: string; cookies: string[] }>();
  server.on('headers', (headers, request) => {
    for (const cookie of answers.get(request)?.cookies ?? []) headers.push(`Set-Cookie: ${cookie}`);
  });

  function accept({ request, socket, head, path, hidden }: Upgrade): void {
    socket.on('error', () => socket.destroy());
    if (url === undefined) return refuseUpgrade(socket, 502, 'the configuration names no realityserver_url');
    const address = new URL(url.pathname.replace(/\/+$/, '') + path, url);
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const behind = open(address, request, hidden);
    if (behind === undefined) return refuseUpgrade(socket, 400, 'Sec-WebSocket-Protocol is broken');
    const onGone = (): void => behind.terminate();
    socket.once('close', onGone);
    let cookies: string[] = [];
    behind.once('upgrade', ({ headers }: IncomingMessage) => (cookies = headers['set-cookie'] ?? []));
    behind.once('unexpected-response', (_asked, answer: IncomingMessage) => relayRefusal(answer, socket));
    behind.on('error', (error) => {
      if (socket.destroyed || behind.readyState === WebSocket.OPEN) return;
      log.warn('RealityServer took no WebSocket', { reason: errorText(error) });
      refuseUpgrade(socket, 502, `RealityServer at ${url.origin}: ${errorText(error)}`);
    });
    behind.once('open', () => {
      answers.set(request, { protocol: behind.protocol, cookies });
      server.handleUpgrade(request, socket, head, (client) => {
        // From here on both say goodbye to each other.
        socket.off('close', onGone);
        if (socket instanceof Socket) endWhenStuck(socket, idleMs);
        const isService = new URL(path, url).pathname === SERVICE;
        connect(client, behind, isService ? (calls) => run(calls, request) : undefined);
      });
    });
  }

  return {
    accept,
    close: () => {
      for (const client of server.clients) client.close(GOING_AWAY, 'the gateway stops');
    },
  };
}

/** One that takes nothing would hold its command on the server for ever. */
function endWhenStuck(socket: Socket, idleMs: number): void {
  socket.setTimeout(idleMs);
  socket.on('timeout', () => {
    if (socket.writableLength > 0) socket.destroy();
  });
}

/** Undefined: the client asks for protocols that have no place in a request. */
function open(address: URL, request: IncomingMessage, hidden: ReadonlySet<string>): WebSocket | undefined {
  try {
    return new WebSocket(address, protocolsOf(request), {
      headers: headersOf(request, hidden),
      maxPayload: MOST_FROM_SERVER,
      autoPong: false,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
    });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An execute whose rest is under way. */
interface Joining {
  total: number;
  own: Promise<OwnOutcomes>;
}

function connect(
  client: WebSocket,
  behind: WebSocket,
  run: ((calls: OwnCalls) => Promise<OwnOutcomes>) | undefined,
): void {
  const joining = new Map<string, Joining>();
  const toClient = pipeTo(client, behind);
  const toBehind = pipeTo(behind, client);

  client.on('message', (data, isBinary) => {
    const frame = { data: bytesOf(data), isBinary };
    const execute = run && readExecute(frame);
    if (!execute || !run) return toBehind(frame);
    const own = run(execute.own);
    if (execute.rest === undefined) {
      if (execute.id !== 'null') void own.then((outcomes) => toClient(execute.answer(outcomes)));
      return;
    }
    if (execute.id !== 'null') joining.set(execute.id, { total: execute.total, own });
    toBehind(execute.rest);
  });

  behind.on('message', (data, isBinary) => {
    const frame = { data: bytesOf(data), isBinary };
    const id = joining.size === 0 ? undefined : answeredId(frame);
    const joint = id === undefined ? undefined : joining.get(id);
    if (id === undefined || joint === undefined) return toClient(frame);
    joining.delete(id);
    void joint.own.then((own) => toClient(joinAnswer(frame, joint.total, own)));
  });

  for (const [from, to] of [
    [client, behind],
    [behind, client],
  ] as const) {
    from.on('ping', (data) => ifOpen(to, () => to.ping(data)));
    from.on('pong', (data) => ifOpen(to, () => to.pong(data)));
    from.on('error', () => from.terminate());
    from.on('close', (code, reason) => closeLike(to, code, reason));
  }
}

const ifOpen = (socket: WebSocket, send: () => void): void => {
  if (socket.readyState === WebSocket.OPEN) send();
};

/** Sends to one side, and holds the other side back while this one is behind. */
function pipeTo(to: WebSocket, from: WebSocket): ({ data, isBinary }: Frame) => void {
  return ({ data, isBinary }) =>
    ifOpen(to, () => {
      to.send(data, { binary: isBinary }, () => {
        if (from.isPaused && to.bufferedAmount <= MOST_AHEAD) from.resume();
      });
      if (to.bufferedAmount > MOST_AHEAD) from.pause();
    });
}

/** The code that the other side gave; some say only that it gave none, and stand in no frame. */
function closeLike(socket: WebSocket, code: number, reason: Buffer): void {
  if (socket.readyState === WebSocket.CLOSED) return;
  // A paused socket would never see the other side's farewell.
  socket.resume();
  if (code === 1005) socket.close();
  else if (code === 1006) socket.terminate();
  else socket.close(code, reason);
}

const bytesOf = (data: RawData): Buffer => data as Buffer;

const protocolsOf = ({ headers }: IncomingMessage): string[] =>
  (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');

function headersOf(request: IncomingMessage, hidden: ReadonlySet<string>): Record<string, string | string[]> {
  const raw = endToEnd(request.rawHeaders, new Set([...hidden, ...OF_HANDSHAKE]));
  const headers: Record<string, string[]> = {};
  for (let at = 0; at < raw.length; at += 2) (headers[raw[at] ?? ''] ??= []).push(raw[at + 1] ?? '');
  return { ...headers, ...(request.headers.host !== undefined && { Host: request.headers.host }) };
}

/** The server behind said no: its own answer. */
function relayRefusal(answer: IncomingMessage, socket: Duplex): void {
  const headers = endToEnd(answer.rawHeaders);
  const lines = Array.from({ length: headers.length / 2 }, (_, at) => `${headers[at * 2]}: ${headers[at * 2 + 1]}`);
  socket.write(
    Buffer.from(
      [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...lines, 'Connection: close', '', ''].join('\r\n'),
      'latin1',
    ),
  );
  answer.pipe(socket);
}

/** No WebSocket for this client. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string, more: readonly string[] = []): void {
  const body = `${reason}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...more,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
