import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

import { errorText, type Log } from '../../lib/log.ts';
import { answerText, CommandError, failed } from '../../lib/realityserver/json-rpc.ts';

import { UNAVAILABLE } from './own-commands.ts';
import { endToEnd, type Upstream } from './upstream.ts';

/** One request of a client that may come in. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Headers that carried our token, in lower case: nobody behind may see it. */
  hidden: ReadonlySet<string>;
}

/** What is sent on instead of what came. */
export interface Change {
  path?: string;
  body?: Buffer | Readable;
  /** Headers that are left out, in lower case. */
  without?: readonly string[];
}

export interface PassThrough {
  /** What the server behind answers. Undefined: it did not, and the client was told so. `more`: headers to tell it with. */
  ask(exchange: Exchange, change?: Change, more?: readonly string[]): Promise<IncomingMessage | undefined>;
  /** Its answer to the client, byte for byte. `body`: of an answer that was read already. */
  relay(answer: IncomingMessage, exchange: Exchange, more?: readonly string[], body?: Buffer): void;
}

/** Everything that is not ours goes to the RealityServer behind and comes back as it is, slow or broken as it may be. */
export function createPassThrough({ upstream, log }: { upstream: Upstream; log: Log }): PassThrough {
  return {
    ask: async ({ request, response, hidden }, change = {}, more = []) => {
      const body = change.body ?? (hasBody(request) ? request : undefined);
      const asked = {
        method: request.method ?? 'GET',
        path: change.path ?? request.url ?? '/',
        headers: endToEnd(request.rawHeaders, new Set([...hidden, ...(change.without ?? [])])),
        ...(body && { body }),
      };
      try {
        return await upstream.ask(asked, response);
      } catch (error) {
        if (response.destroyed) return undefined;
        const reason = errorText(error);
        log.warn('RealityServer did not answer', { reason });
        refuse(response, 502, `RealityServer${upstream.url ? ` at ${upstream.url.origin}` : ''}: ${reason}`, more);
        return undefined;
      }
    },

    relay: (answer, { response }, more = [], body) => {
      // The other side's own date, or none.
      response.sendDate = false;
      const headers = [...endToEnd(answer.rawHeaders), ...more];
      try {
        response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
      } catch {
        // What no HTTP may hold.
        answer.destroy();
        response.destroy();
        return;
      }
      if (body) response.end(body);
      // An answer that broke off must break off at the client.
      else if (answer.errored) response.destroy();
      else answer.once('error', () => response.destroy()).pipe(response);
    },
  };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** An error of our own, in the form that RealityServer's clients read. */
export function refuse(response: ServerResponse, status: number, reason: string, more: readonly string[] = []): void {
  if (response.headersSent) return void response.destroy();
  const code = status === 502 ? UNAVAILABLE : status;
  const text = answerText({ id: 'null', isVersion2: true }, failed(new CommandError(code, reason)));
  const body = Buffer.from(text);
  // What is still to come of a request that is refused is not waited for.
  const end = response.req.complete ? [] : ['Connection', 'close'];
  const own = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  response.writeHead(status, [...own, ...more, ...end]);
  response.end(body);
}
