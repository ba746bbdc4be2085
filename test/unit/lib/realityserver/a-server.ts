import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

interface ReceivedRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface AServer {
  port: number;
  url: string;
  requests: ReceivedRequest[];
  /** Connections opened so far. */
  sockets: Socket[];
  close(): Promise<void>;
}

/** An HTTP server that answers every request as it is told. */
export async function aServer(answer: (response: ServerResponse) => void): Promise<AServer> {
  const requests: ReceivedRequest[] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url: path, headers } = request;
      requests.push({ method, path, headers, body });
      answer(response);
    });
  });
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    requests,
    sockets,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export interface CannedAnswer {
  status?: number;
  /** `null`: none. */
  type?: string | null;
  body: string | Buffer;
}

export const canned =
  ({ status = 200, type = 'application/json', body }: CannedAnswer) =>
  (response: ServerResponse): void => {
    response.writeHead(status, type === null ? {} : { 'content-type': type }).end(body);
  };
