import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { errorText } from '../log.ts';

/** On this machine an answer comes at once, from another continent in a third of that. */
const PROBE_LIMIT_MS = 1_000;

/**
 * A port of the loopback interface that nobody uses. For a minute the system gives it to nobody who leaves the choice to
 * it: it remembers that a connection was closed here. Whoever names the port can take it.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    // Only the side that closes first is remembered.
    const server = createServer((socket) => socket.on('error', () => undefined).end());
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = server.address() as AddressInfo;
      const visitor = connect({ host: '127.0.0.1', port }).resume();
      visitor.once('error', reject).once('close', () => server.close(() => resolve(port)));
    });
  });
}

/** False when somebody listens on that port of the loopback interface. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await listenOn(port);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw new Error(`cannot listen on port ${port}`, { cause: error });
  }
}

function listenOn(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve()));
  });
}

/** True when somebody takes connections at `host:port`. */
export const accepts = async (address: string): Promise<boolean> => (await refusalAt(address)) === undefined;

/** Why no connection to `host:port` comes about, undefined when one does. */
export function refusalAt(address: string): Promise<string | undefined> {
  if (!URL.canParse(`tcp://${address}`)) return Promise.resolve('it is no host:port');
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    const answer = (refusal?: string) => {
      socket.destroy();
      resolve(refusal);
    };
    socket.setTimeout(PROBE_LIMIT_MS, () => answer('no answer'));
    socket.once('connect', () => answer());
    socket.once('error', (error) => answer(errorText(error)));
  });
}

/** Who listens there, as somebody who wants the port can use it: `name (process 123)` on Linux, else how to ask. */
export async function portOwner(port: number): Promise<string> {
  const inode = await listeningInode(port).catch(() => undefined);
  const pid = inode && (await holderOf(`socket:[${inode}]`));
  if (!pid) return `another program (to ask which: lsof -i :${port})`;
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  return `${name || 'a program'} (process ${pid})`;
}

/** From the kernel's table: local address and port in hexadecimal, state 0A is LISTEN, the inode is the tenth column. */
async function listeningInode(port: number): Promise<string | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = tables.flatMap((table) => table.split('\n')).map((row) => row.trim().split(/\s+/));
  return rows.find((row) => row[1]?.endsWith(ending) && row[3] === '0A')?.[9];
}

async function holderOf(socket: string): Promise<string | undefined> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const handle of handles) {
      if ((await readlink(`/proc/${pid}/fd/${handle}`).catch(() => '')) === socket) return pid;
    }
  }
  return undefined;
}
