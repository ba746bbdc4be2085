import { addAbortListener } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Post {
  url: URL;
  headers: Record<string, string>;
  body: string;
  connectTimeoutMs: number;
}

/** A request that is under way. */
export interface Posted {
  request: ClientRequest;
  /** The head of the answer is here; its body fails when the connection ends too soon. Aborting rejects with the reason. */
  answer: Promise<IncomingMessage>;
  /** Whether the connection has been opened, TLS included. */
  wasConnected(): boolean;
}

/** A silent connection through a firewall is forgotten there after some minutes; a render takes hours. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Posts over a connection of its own. Node's own client and not undici's: version 7 of that ends the whole process when
 * a server closes the connection behind bytes that are still to be read (`assert(!this.paused)`).
 */
export function post({ url, headers, body, connectTimeoutMs }: Post, signal: AbortSignal): Posted {
  const isSecure = url.protocol === 'https:';
  // No agent: a kept connection may be closed by the other side in the moment a command is sent.
  const request = (isSecure ? httpsRequest : httpRequest)(url, { method: 'POST', headers, agent: false });
  let connected = false;
  const tooLate = setTimeout(() => {
    request.destroy(new Error(`not connected after ${connectTimeoutMs} ms`));
  }, connectTimeoutMs);
  request.once('socket', (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      connected = true;
      clearTimeout(tooLate);
    });
  });

  const listening = addAbortListener(signal, () => request.destroy(signal.reason as Error));
  request.once('close', () => {
    clearTimeout(tooLate);
    listening[Symbol.dispose]();
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    // It stays: an error may also come in the middle of the body, which then fails by itself.
    request.on('error', reject);
    request.once('response', resolve);
  });
  request.end(body);
  return { request, answer, wasConnected: () => connected };
}
