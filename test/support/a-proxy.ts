import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that can be cut. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Drops every connection and takes no new one. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

const opened: Proxy[] = [];
afterAll(() => Promise.all(opened.map((proxy) => proxy.cut())));

/** `address`: `host:port` of the server. */
export async function aProxy(address: string): Promise<Proxy> {
  const { hostname, port: targetPort } = new URL(`tcp://${address}`);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;

  const listen = (): Promise<void> =>
    new Promise((resolve) => {
      server = createServer((socket) => {
        const target = connect(Number(targetPort), hostname);
        for (const end of [socket, target]) {
          sockets.add(end);
          end.on('error', () => undefined).on('close', () => [socket, target].forEach((each) => each.destroy()));
          end.on('close', () => sockets.delete(end));
        }
        socket.pipe(target).pipe(socket);
      }).listen(port, '127.0.0.1', () => {
        ({ port } = (server as Server).address() as AddressInfo);
        resolve();
      });
    });

  await listen();
  const proxy: Proxy = {
    host: '127.0.0.1',
    get port() {
      return port;
    },
    cut: async () => {
      const closing = new Promise((resolve) => (server?.listening ? server.close(resolve) : resolve(undefined)));
      for (const socket of sockets) socket.destroy();
      await closing;
    },
    mend: listen,
  };
  opened.push(proxy);
  return proxy;
}
