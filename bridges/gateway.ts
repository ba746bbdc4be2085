import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { hasMoved, listen } from '../lib/listen.ts';
import { errorText, type Log } from '../lib/log.ts';
import { CommandError, failed } from '../lib/realityserver/json-rpc.ts';

import { APPROVALS_PATH, type Approvals } from './gateway/approvals.ts';
import { admit, isForeignPage, TOKEN_PARAMETER, type GuardRules } from './gateway/guard.ts';
import { createLanes, LaneFull } from './gateway/lanes.ts';
import { REFUSED, UNAVAILABLE, type OwnCall, type OwnOutcome, type RunOwn } from './gateway/own-commands.ts';
import { createPassThrough, refuse } from './gateway/pass-through.ts';
import { createRoot } from './gateway/root.ts';
import { runEach } from './gateway/run-each.ts';
import { createUpstream } from './gateway/upstream.ts';
import { createWebSockets, refuseUpgrade } from './gateway/web-sockets.ts';

export interface GatewayDeps {
  /** `host:port`. */
  address: string;
  /** A taken port gives way to the next free one. Default: false, it is an error. */
  orNext?: boolean;
  /** The RealityServer that all passes to: sessions and scopes live on one. Undefined: there is none. */
  realityServerUrl: string | undefined;
  guard: GuardRules;
  /** Carries out our own commands. */
  run: RunOwn;
  /** Undefined: there are no links, since nothing signs them. */
  approvals?: Approvals;
  /** Default: 15 s for headers, 60 s for one that stands still. */
  limits?: Limits;
  log: Log;
}

/** How long a client may take. One that waits for its answer may wait for hours. */
export interface Limits {
  headersMs: number;
  /** A client that for so long sends nothing of its body, or takes nothing of its answer, is gone. */
  idleMs: number;
}

export interface Gateway {
  /** Where it listens: `host:port`. */
  readonly address: string;
  /** Takes no more, and ends what is open. */
  close(): Promise<void>;
}

/** Headers are small and come at once; a GET form's call stands in the first line. */
const MOST_HEADER_BYTES = 64 * 1024;
const LIMITS: Limits = { headersMs: 15_000, idleMs: 60_000 };
const KEEP_ALIVE_MS = 60_000;
/** Our own commands of one client: more wait, so that each client gets its turn. */
const LANE = { atOnce: 16, waiting: 1_000 };

/** RealityServer's JSON-RPC and WebSocket with our commands in it: all else passes through as it is. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const { guard, limits = LIMITS, log } = deps;
  const upstream = createUpstream(deps.realityServerUrl);
  const passThrough = createPassThrough({ upstream, log });
  const run = createRunFor(deps);
  const root = createRoot({
    passThrough,
    run: (calls, request) => runEach(calls, (call) => run(call, request)),
    headersFor: (request) => corsHeaders(request, guard),
  });
  const webSockets = createWebSockets({
    url: upstream.url,
    run: (calls, request) => runEach(calls, (call) => run(call, request)),
    idleMs: limits.idleMs,
    log,
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request.url);
    if (path === undefined) return refuse(response, 400, 'the request names no path');
    if (hasTwoHosts(request)) return refuse(response, 400, 'the request names two hosts');
    // Nothing under `/dqm/` ever passes.
    if (path.startsWith(APPROVALS_PATH) && deps.approvals) {
      return deps.approvals(path, request, response);
    }
    if (path.startsWith('/dqm/')) return refuse(response, 404, 'there is no such page');
    const admission = admit(guard, request.headers.authorization);
    if (!admission.admitted) return refuse(response, 401, TOKEN_WANTED, ['WWW-Authenticate', 'Basic realm="dqm"']);
    const exchange = { request, response, hidden: hiddenHeaders(admission.inHeader) };
    if (path === '/') return root(exchange);
    const answer = await passThrough.ask(exchange);
    if (answer) passThrough.relay(answer, exchange);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = pathOf(request.url) === undefined ? undefined : new URL(request.url ?? '', 'http://gateway');
    if (url === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket')
      return refuseUpgrade(socket, 400, 'only WebSockets are here');
    if (url.pathname.startsWith('/dqm/')) return refuseUpgrade(socket, 404, 'there is no such page');
    const admission = admit(guard, request.headers.authorization, url.searchParams);
    if (!admission.admitted) return refuseUpgrade(socket, 401, TOKEN_WANTED);
    const path = withoutToken(request.url ?? '/', admission.inQuery);
    webSockets.accept({ request, socket, head, path, hidden: hiddenHeaders(admission.inHeader) });
  }

  const server = createServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: limits.headersMs,
      // Uploads of any length; `endWhenIdle` ends those that stand still.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Requests that two servers may read in two ways are refused.
      insecureHTTPParser: false,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      endWhenIdle(request, response);
      handle(request, response).catch((error: unknown) => {
        // A client that went away is no news.
        if (!request.destroyed) log.warn('A request could not be answered', { error });
        if (!response.headersSent && !response.destroyed) refuse(response, 400, 'the request broke off');
        else response.destroy();
      });
    },
  );
  server.timeout = limits.idleMs;
  server.on('upgrade', upgrade);
  const address = await listenAt(deps.address, server, deps);
  log.info('Gateway listens', { address, realityServer: upstream.url?.origin ?? 'none' });
  return {
    address,
    close: async () => {
      webSockets.close();
      upstream.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const TOKEN_WANTED =
  'gateway_token is needed: Authorization: Bearer, the password of Basic, or ?dqm_token= on a WebSocket';
const NOTHING: ReadonlySet<string> = new Set();
const AUTHORIZATION: ReadonlySet<string> = new Set(['authorization']);

const hiddenHeaders = (inHeader: boolean): ReadonlySet<string> => (inHeader ? AUTHORIZATION : NOTHING);

/** Node takes the first one; who stands behind may take the other. */
const hasTwoHosts = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length > 1;

/** Undefined for what is no path, such as `*` or a whole address. */
const pathOf = (url = ''): string | undefined => (url.startsWith('/') ? url.replace(/[?#].*$/s, '') : undefined);

/** All else of the query as it came. */
function withoutToken(url: string, isThere: boolean): string {
  if (!isThere) return url;
  const [path = '', ...query] = url.split('?');
  const kept = query
    .join('?')
    .split('&')
    .filter((pair) => new URLSearchParams(pair).get(TOKEN_PARAMETER) === null);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/** Nothing moved on the connection for as long as a client may take. While the server behind works, that is no harm. */
function endWhenIdle(request: IncomingMessage, response: ServerResponse): void {
  request.on('timeout', () => request.destroy());
  response.on('timeout', () => {
    if (response.writableLength > 0) response.destroy();
  });
}

/** Our commands for one client: not for pages of other sites, and each client in its turn. */
function createRunFor({ run, guard }: GatewayDeps): (call: OwnCall, request: IncomingMessage) => Promise<OwnOutcome> {
  const lanes = createLanes(LANE);
  return async (call, request) => {
    if (isForeignPage(request.headers, guard)) {
      const reason = `${call.method}: a page of another site may not call it; gateway_origin lists those that may`;
      return { outcome: failed(new CommandError(REFUSED, reason)) };
    }
    try {
      return await lanes.run(request.socket.remoteAddress ?? '', () => run(call));
    } catch (error) {
      if (error instanceof LaneFull) return { outcome: failed(new CommandError(UNAVAILABLE, error.message)) };
      throw error;
    }
  };
}

function corsHeaders({ headers: { origin } }: IncomingMessage, { origins }: GuardRules): string[] {
  return origin !== undefined && origins.includes(origin)
    ? ['Access-Control-Allow-Origin', origin, 'Vary', 'Origin']
    : [];
}

async function listenAt(wanted: string, server: Server, { orNext = false, log }: GatewayDeps): Promise<string> {
  try {
    const address = await listen(server, wanted, orNext);
    if (hasMoved(wanted, address))
      log.warn('gateway_address is taken, using the next free port', { wanted, got: address });
    return address;
  } catch (error) {
    throw new Error(`gateway_address ${wanted}: ${errorText(error)}`, { cause: error });
  }
}
