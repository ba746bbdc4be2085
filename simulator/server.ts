import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { createCallLog, type CallRecord } from './calls.ts';
import { exchange, type ExchangeDeps } from './exchange.ts';
import { createFaultPlan } from './faults.ts';
import { createRenderer } from './render/renderer.ts';
import { createStops } from './stops.ts';
import { createWebSockets } from './web-sockets.ts';

export interface SimulatorOptions {
  /** Default: a free one. */
  port?: number;
  /** Default: 127.0.0.1. */
  hostname?: string;
  /** Called by the fault `crash` that is for good. Default: it ends all connections and listens no more. */
  onCrash?: () => void;
}

/** A RealityServer without a GPU: its protocol over real HTTP and WebSocket, real small pictures, faults on request. */
export interface Simulator {
  /** `http://host:port/`. */
  readonly url: string;
  /** Every call, oldest first. */
  readonly log: readonly CallRecord[];
  /** Ends all connections, and what still renders. */
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, hostname = '127.0.0.1', onCrash } = options;
  const rooms = { renderer: createRenderer(), calls: createCallLog(), faults: createFaultPlan(), stops: createStops() };
  const server = createServer((request, response) => void handle(request, response, { ...rooms, crash }));
  const webSockets = createWebSockets({ ...rooms, crash });
  server.on('upgrade', webSockets.accept);
  let address: AddressInfo;
  let restart: NodeJS.Timeout | undefined;

  function end(): void {
    server.close();
    server.closeAllConnections();
    webSockets.endAll();
    rooms.calls.endAll();
  }

  function crash(restartAfterMs: number | undefined): void {
    if (restartAfterMs === undefined && onCrash) return onCrash();
    end();
    if (restartAfterMs !== undefined)
      restart = setTimeout(() => server.listen(address.port, address.address), restartAfterMs);
  }

  server.listen(port, hostname);
  await once(server, 'listening');
  address = server.address() as AddressInfo;
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${host}:${address.port}/`,
    log: rooms.calls.records,
    async close() {
      clearTimeout(restart);
      const closed = server.listening ? once(server, 'close') : undefined;
      end();
      await Promise.all([closed, rooms.renderer.close()]);
    },
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, deps: ExchangeDeps): Promise<void> {
  const refuse = (status: number, reason: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${reason}\n`);
  };
  try {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
    if (pathname !== '/') return refuse(404, 'RealityServer answers at /');
    switch (request.method) {
      case 'POST':
        return await exchange(await text(request), response, deps);
      case 'GET': {
        const call = searchParams.get('json_rpc_request');
        return call === null ? refuse(400, 'json_rpc_request is missing') : await exchange(call, response, deps);
      }
      default:
        return refuse(405, 'POST or GET');
    }
  } catch {
    // The request's own connection broke: nobody is left to be answered.
    response.destroy();
  }
}
