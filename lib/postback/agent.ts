import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

import { Agent } from 'undici';

import { AddressRefused, refusedAddress } from './address-rules.ts';

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** As the system resolves it: hosts file, DNS, its order. */
const systemResolve: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connections to web servers. A name is resolved once: every address is checked, and those that were checked are the
 * ones connected to, so a name that changes in between gains nothing. No proxy: it would resolve names on its own.
 */
export function createPostbackAgent({ verifySsl, resolve = systemResolve }: { verifySsl: boolean; resolve?: Resolve }) {
  return new Agent({
    connect: { lookup: checkedLookup(resolve), rejectUnauthorized: verifySsl, timeout: CONNECT_TIMEOUT_MS },
    // The caller bounds the whole request: a web server may take its time to store 300 MB.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function checkedLookup(resolve: Resolve): LookupFunction {
  return (hostname, { all, family }, callback) => {
    resolve(hostname).then(
      (found) => {
        const refused = found.map(({ address }) => refusedAddress(address)).find((reason) => reason !== undefined);
        if (refused !== undefined)
          return callback(new AddressRefused(`${hostname} may not be called: ${refused}`), '', 0);
        const usable = found.filter((each) => !family || each.family === familyNumber(family));
        const [first] = usable;
        if (!first) return callback(notFound(hostname), '', 0);
        return all ? callback(null, usable) : callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

const familyNumber = (family: number | 'IPv4' | 'IPv6'): number =>
  typeof family === 'number' ? family : Number(family.slice(-1));

const notFound = (hostname: string): Error =>
  Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
