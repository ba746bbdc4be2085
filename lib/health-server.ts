import { createServer } from 'node:http';

import { hasMoved, listen } from './listen.ts';
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
  const listening = await listen(server, address, true);
  if (hasMoved(address, listening))
    log.info('metrics_address is taken, using the next free port', { wanted: address, got: listening });
  return {
    address: listening,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
