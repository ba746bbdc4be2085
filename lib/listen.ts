import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const HIGHEST_PORT = 65_535;

/**
 * Listens at `host:port`, port 0 for any, and gives the address. `orNext`: a port that is taken gives way to the next free
 * one; otherwise that is an error.
 */
export async function listen(server: Server, address: string, orNext: boolean): Promise<string> {
  // A colon of an IPv6 address comes before the last one.
  const host = address.slice(0, address.lastIndexOf(':'));
  for (let port = portOf(address); ; port += 1) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve).listen(port, host.replace(/^\[|\]$/g, ''), () => {
        server.removeListener('error', resolve);
        resolve(undefined);
      });
    });
    if (error === undefined) return `${host}:${(server.address() as AddressInfo).port}`;
    if (error.code !== 'EADDRINUSE' || !orNext || port >= HIGHEST_PORT) throw error;
  }
}

/** Whether another port had to do. */
export const hasMoved = (wanted: string, got: string): boolean =>
  portOf(wanted) !== 0 && portOf(wanted) !== portOf(got);

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));
