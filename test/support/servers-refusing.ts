import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface RefusingEngine {
  address: string;
  close(): void;
}

/** An engine that answers every call with this status: one HTTP/2 block of headers, and nothing after it. `unanswered`: first calls. */
export async function aRefusingEngine(grpcStatus: number, message: string, unanswered = 0): Promise<RefusingEngine> {
  const answer = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': grpcStatus,
    'grpc-message': message,
  };
  let calls = 0;
  const server = createServer().on('stream', (stream) => {
    if ((calls += 1) > unanswered) stream.respond(answer, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
