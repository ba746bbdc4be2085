import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { WebSocketServer, type WebSocket } from 'ws';

import {
  helloFrame,
  MARK_BYTES,
  NEWEST_VERSION,
  OLDEST_VERSION,
  readHelloAnswer,
  startedFrame,
} from '../lib/realityserver/web-socket/frames.ts';

import type { ExchangeDeps } from './exchange.ts';
import { takeCommands } from './web-socket-commands.ts';

/** RealityServer's WebSocket at `/service/`, as far as the vendor's client has it. */
export interface WebSockets {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends all connections at once, without a farewell. */
  endAll(): void;
}

const PROTOCOL_ERROR = 1002;

export function createWebSockets(deps: ExchangeDeps): WebSockets {
  const server = new WebSocketServer({ noServer: true, clientTracking: true });
  return {
    accept(request, socket, head) {
      if (new URL(request.url ?? '/', 'http://simulator').pathname !== '/service/') {
        socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, (webSocket) => startUp(webSocket, deps));
    },
    endAll() {
      for (const webSocket of server.clients) webSocket.terminate();
    },
  };
}

/** The server speaks first; both name a version; then commands. */
function startUp(webSocket: WebSocket, deps: ExchangeDeps): void {
  const mark = randomBytes(MARK_BYTES);
  webSocket.on('error', () => webSocket.terminate());
  webSocket.once('message', (data: Buffer) => {
    const answer = readHelloAnswer(data);
    if (!answer?.mark.equals(mark)) return webSocket.close(PROTOCOL_ERROR, 'no answer to the start-up');
    const { version } = answer;
    if (version < OLDEST_VERSION || version > NEWEST_VERSION)
      return webSocket.close(PROTOCOL_ERROR, `unknown version ${version}`);
    webSocket.send(startedFrame(version));
    takeCommands(webSocket, deps);
  });
  webSocket.send(helloFrame(NEWEST_VERSION, mark, Date.now() / 1000));
}
