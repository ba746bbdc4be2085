import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A way to a server that can be cut. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Drops every connection and takes no new one. */
  cut(): Promise<void>;
  /** Listens at the same port again. Rejects when somebody else has it for a minute. */
  mend(): Promise<void>;
  /** From the first bytes on that match, nothing passes until it is cut, in either direction; settles when it has come to that. */
  holdAt(moment: Moment): Promise<void>;
}

export interface Moment {
  /** Sent by the client, unless `from` says otherwise. */
  bytes: string | Buffer;
  from?: 'client' | 'server';
  /** Whether these bytes still arrive: the server does what it is asked, and its answer is lost. */
  passes: boolean;
}

/** A minute, all in all. */
const REBIND_TRIES = 600;
const REBIND_PAUSE_MS = 100;

/** `address`: `host:port` of the server. */
export async function startProxy(address: string): Promise<Proxy> {
  const { hostname, port: targetPort } = new URL(`tcp://${address}`);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  let moment: (Moment & { reached(): void }) | undefined;
  let isHeld = false;

  const passes = (chunk: Buffer, side: 'client' | 'server'): boolean => {
    if (isHeld) return false;
    if (!moment || side !== (moment.from ?? 'client') || !chunk.includes(moment.bytes)) return true;
    isHeld = true;
    moment.reached();
    return moment.passes;
  };
  const filter = (side: 'client' | 'server') =>
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => (passes(chunk, side) ? done(null, chunk) : done()),
    });

  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server = createServer((socket) => {
        const target = connect(Number(targetPort), hostname);
        for (const end of [socket, target]) {
          sockets.add(end);
          end.on('error', () => undefined).on('close', () => [socket, target].forEach((each) => each.destroy()));
          end.on('close', () => sockets.delete(end));
        }
        socket.pipe(filter('client')).pipe(target).pipe(filter('server')).pipe(socket);
      });
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        ({ port } = (server as Server).address() as AddressInfo);
        resolve();
      });
    });
  /** Somebody else's connection may have the port for a moment. */
  const listenAgain = async (): Promise<void> => {
    for (let left = REBIND_TRIES; ; left -= 1) {
      try {
        return await listen();
      } catch (error) {
        if (left === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        await delay(REBIND_PAUSE_MS);
      }
    }
  };

  await listen();
  return {
    host: '127.0.0.1',
    get port() {
      return port;
    },
    cut: async () => {
      moment = undefined;
      isHeld = false;
      const closing = new Promise((resolve) => (server?.listening ? server.close(resolve) : resolve(undefined)));
      for (const socket of sockets) socket.destroy();
      await closing;
    },
    mend: listenAgain,
    holdAt: (wanted) =>
      new Promise((resolve) => {
        moment = { ...wanted, reached: resolve };
      }),
  };
}
