import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A way to a server that can be cut. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Drops every connection and takes no new one. */
  cut(): Promise<void>;
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
    new Promise((resolve) => {
      server = createServer((socket) => {
        const target = connect(Number(targetPort), hostname);
        for (const end of [socket, target]) {
          sockets.add(end);
          end.on('error', () => undefined).on('close', () => [socket, target].forEach((each) => each.destroy()));
          end.on('close', () => sockets.delete(end));
        }
        socket.pipe(filter('client')).pipe(target).pipe(filter('server')).pipe(socket);
      }).listen(port, '127.0.0.1', () => {
        ({ port } = (server as Server).address() as AddressInfo);
        resolve();
      });
    });

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
    mend: listen,
    holdAt: (wanted) =>
      new Promise((resolve) => {
        moment = { ...wanted, reached: resolve };
      }),
  };
}
