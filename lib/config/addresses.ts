import { domainToASCII } from 'node:url';

import type { ValueKind } from './values.ts';

/** Undefined for relative ones, and for any with white space, which `URL` would quietly encode. */
function parsedUrl(value: string, schemes: readonly string[]): URL | undefined {
  const address = value.trim();
  if (/\s/.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return schemes.includes(url.protocol) && url.hostname !== '' && url.hash === '' ? url : undefined;
}

const HTTP = ['http:', 'https:'];

/** As the file says it, since a queue's or an endpoint's owner compares it to the letter. */
export const httpUrl: ValueKind<string> = {
  expects: 'an http:// or https:// address',
  secret: true,
  read: (value) => (parsedUrl(value, HTTP) ? value.trim() : undefined),
};

/** Normalised, so that one server has one spelling. */
export const serverUrl: ValueKind<string> = { ...httpUrl, read: (value) => parsedUrl(value, HTTP)?.href };

/** Stands in links that people see; without a slash at its end. */
export const linkUrl: ValueKind<string> = {
  expects: 'an http:// or https:// address without user info, since it stands in links',
  secret: true,
  read(value) {
    const url = parsedUrl(value, HTTP);
    return url && url.username === '' && url.password === '' ? url.href.replace(/\/+$/, '') : undefined;
  },
};

export const origin: ValueKind<string> = {
  expects: 'an origin such as https://shop.example, without a path',
  secret: true,
  read(value) {
    const url = parsedUrl(value, HTTP);
    return url?.href === `${url?.origin}/` ? url?.origin : undefined;
  },
};

export const amqpUrl: ValueKind<string> = {
  expects: 'an amqp:// or amqps:// address',
  secret: true,
  read: (value) => (parsedUrl(value, ['amqp:', 'amqps:']) ? value.trim() : undefined),
};

const HIGHEST_PORT = 65_535;

/** `host:port`; port 0 lets the system choose and is only for what we listen on ourselves. */
export const hostAndPort = (lowestPort: 0 | 1): ValueKind<string> => ({
  expects: `host:port such as 127.0.0.1:7233, the port from ${lowestPort} to ${HIGHEST_PORT}`,
  read(value) {
    const [address, port] = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(value.trim()) ?? [];
    return Number(port) >= lowestPort && Number(port) <= HIGHEST_PORT ? address : undefined;
  },
});

/** Reachable from this machine alone. */
export const isLoopback = (address: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/i.test(address);

/** A host name or address, `*` for any characters; lower case, names beyond ASCII in their `xn--` form. */
export const hostPattern: ValueKind<string> = {
  expects: 'a host pattern such as *.shop.example, without scheme, port or path',
  read(value) {
    const pattern = value.trim().toLowerCase();
    const ascii = /^[\x20-\x7e]*$/.test(pattern) ? pattern : domainToASCII(pattern);
    return /^([a-z0-9*._-]+|\[[0-9a-f:.]+\])$/.test(ascii) ? ascii : undefined;
  },
};

export const bucket: ValueKind<string> = {
  expects: 'the name of a bucket',
  read: (value) => (/^(arn:[\w:./-]+|[A-Za-z0-9][A-Za-z0-9._-]{1,254})$/.test(value.trim()) ? value.trim() : undefined),
};
