import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface RefusingEngine {
  address: string;
  close(): void;
}

/** An engine that answers every call with this status: one HTTP/2 block of headers, and nothing after it. */
export async function aRefusingEngine(grpcStatus: number, message: string): Promise<RefusingEngine> {
  const answer = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': grpcStatus,
    'grpc-message': message,
  };
  const server = createServer().on('stream', (stream) => stream.respond(answer, { endStream: true }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
