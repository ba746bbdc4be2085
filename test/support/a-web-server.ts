import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface WebRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface WebAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface WebServer {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  url: string;
  port: number;
  /** All that came, in order. */
  requests: WebRequest[];
}

const closers: (() => void)[] = [];
afterAll(() => closers.splice(0).forEach((close) => close()));

/** Reads each request to its end and answers in turn; the last answer stays. Closed after the test file. */
export function aWebServer(...answers: WebAnswer[]): Promise<WebServer> {
  return listening((requests) => answering(requests, answers));
}

/** Does with a request what a test says; nothing is read or recorded. */
export const aStubbornServer = (listener: RequestListener): Promise<WebServer> => listening(() => listener);

/** As `aWebServer`, with TLS. */
export async function aTlsServer(tls: { cert: string; key: string }, ...answers: WebAnswer[]): Promise<WebServer> {
  const requests: WebRequest[] = [];
  return { ...(await opened(createTlsServer(tls, answering(requests, answers)), 'https')), requests };
}

const answering =
  (requests: WebRequest[], answers: WebAnswer[]): RequestListener =>
  (request, response) =>
    void read(request).then((whole) => {
      requests.push(whole);
      const { status, headers, body } = answers[Math.min(requests.length, answers.length) - 1] ?? { status: 204 };
      response.writeHead(status, headers).end(body);
    });

async function listening(listener: (requests: WebRequest[]) => RequestListener): Promise<WebServer> {
  const requests: WebRequest[] = [];
  const server = createServer(listener(requests));
  return { ...(await opened(server, 'http')), requests };
}

async function opened(server: ReturnType<typeof createServer>, scheme: string): Promise<{ url: string; port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${scheme}://127.0.0.1:${port}`, port };
}

const read = async (request: IncomingMessage): Promise<WebRequest> => ({
  method: request.method ?? '',
  path: request.url ?? '',
  headers: request.headers,
  body: await buffer(request),
});
