import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { errorText, type Log } from './log.ts';

export interface HealthServer {
  /** Where it listens: `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface HealthServerDeps {
  /** `host:port`; a port that is taken gives way to the next free one. */
  address: string;
  /** In Prometheus's text form. */
  readMetrics(): Promise<string>;
  contentType: string;
  /** What keeps this process from working, by part; empty = ready. */
  notReady(): string[];
  log: Log;
}

const HIGHEST_PORT = 65_535;

/** `/metrics` for Prometheus, `/healthz` alive, `/readyz` able to work: 503 with a line for each part that is not. */
export async function startHealthServer({ address, log, ...deps }: HealthServerDeps): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    switch (new URL(request.url ?? '/', 'http://localhost').pathname) {
      case '/metrics':
        deps.readMetrics().then(
          (text) => answer(200, deps.contentType, text),
          (error: unknown) => answer(500, 'text/plain', errorText(error)),
        );
        return;
      case '/healthz':
        return answer(200, 'text/plain', 'alive\n');
      case '/readyz': {
        const reasons = deps.notReady();
        return reasons.length === 0
          ? answer(200, 'text/plain', 'ready\n')
          : answer(503, 'text/plain', reasons.map((reason) => `not ready: ${reason}\n`).join(''));
      }
      default:
        return answer(404, 'text/plain', 'not found: /metrics, /healthz and /readyz are here\n');
    }
  });
  // A colon of an IPv6 address comes before the last one.
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  const wanted = Number(address.slice(address.lastIndexOf(':') + 1));
  const port = await listen(server, host, wanted);
  if (port !== wanted && wanted !== 0)
    log.info('metrics_address is taken, using the next free port', { wanted: address, port });
  return {
    address: `${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, first: number): Promise<number> {
  for (let port = first; ; port += 1) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve).listen(port, host, () => {
        server.removeListener('error', resolve);
        resolve(undefined);
      });
    });
    if (error === undefined) return (server.address() as AddressInfo).port;
    if (error.code !== 'EADDRINUSE' || port >= HIGHEST_PORT) throw error;
  }
}
