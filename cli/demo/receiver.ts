import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One POST that the demo's web server has taken. */
export interface Received {
  path: string;
  contentType: string;
  idempotencyKey: string;
  bytes: number;
  /** Hex. */
  sha256: string;
  /** How often this path answered 503 before. */
  refusals: number;
}

export interface Receiver {
  /** Ends with `/`. */
  readonly url: string;
  readonly received: readonly Received[];
  /** From now on the closed path takes everything. */
  repair(): void;
  close(): Promise<void>;
}

/** Paths under this answer 503 so often before they take anything, as a web server in the middle of a deployment does. */
export const BUSY_PATH = 'busy/';
const REFUSALS = 2;
/** Answers 404 until it is repaired: somebody has to see to it. */
export const CLOSED_PATH = 'closed/';
/** Answers 503, however often it is asked. */
export const DOWN_PATH = 'down/';

/** The web shop of the demo: takes what `http_post` delivers. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const refusals = new Map<string, number>();
  let isRepaired = false;
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    digest(request).then(
      ({ bytes, sha256 }) => {
        const isClosed = path.startsWith(`/${CLOSED_PATH}`) && !isRepaired;
        if (isClosed || path.startsWith(`/${DOWN_PATH}`)) {
          response.writeHead(isClosed ? 404 : 503).end('not now');
          return;
        }
        const before = refusals.get(path) ?? 0;
        if (path.startsWith(`/${BUSY_PATH}`) && before < REFUSALS) {
          refusals.set(path, before + 1);
          response.writeHead(503, { 'retry-after': '1' }).end('busy');
          return;
        }
        const header = (name: string): string => String(request.headers[name] ?? '');
        const [contentType, idempotencyKey] = [header('content-type'), header('idempotency-key')];
        received.push({ path, contentType, idempotencyKey, bytes, sha256, refusals: before });
        response.writeHead(200).end('thank you');
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    repair: () => {
      isRepaired = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function digest(request: IncomingMessage): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
