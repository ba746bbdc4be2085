import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Who may call, as the configuration says. */
export interface GuardRules {
  /** Absent: everybody who reaches the address. */
  token?: string;
  /** Pages from which a browser may call our own commands. */
  origins: readonly string[];
  /** The gateway's own address in links: pages under it are its own. */
  url?: string;
}

/** The part of an address that carries the token on a WebSocket. */
export const TOKEN_PARAMETER = 'dqm_token';

/** What a token guard found: `inHeader` and `inQuery` say where the token stood, which must not be passed on. */
export type Admission = { admitted: false } | { admitted: true; inHeader: boolean; inQuery: boolean };

/** `query`: of a WebSocket's address; an HTTP request's is not looked at, since addresses are written into logs. */
export function admit({ token }: GuardRules, authorization: string | undefined, query?: URLSearchParams): Admission {
  if (token === undefined) return { admitted: true, inHeader: false, inQuery: false };
  const shown = shownToken(authorization);
  // Characters beyond ASCII come in either encoding.
  const inHeader = isEqual(shown, token) || isEqual(shown && Buffer.from(shown, 'latin1').toString(), token);
  const inQuery = isEqual(query?.get(TOKEN_PARAMETER) ?? undefined, token);
  return inHeader || inQuery ? { admitted: true, inHeader, inQuery } : { admitted: false };
}

/** Of `Bearer TOKEN`, or the password of `Basic`. */
function shownToken(authorization = ''): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString();
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : undefined;
}

/** In the same time whatever it is: hashes have one length. */
const isEqual = (shown: string | undefined, token: string): boolean =>
  timingSafeEqual(sha256(shown ?? ''), sha256(token)) && shown !== undefined;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Whether a page of another site makes this call. Programs send none of these headers. A page of the gateway's own is
 * one at its address in links, at an IP address or at `localhost`: any other name may be one that somebody made to point here.
 */
export function isForeignPage(headers: IncomingHttpHeaders, { origins, url }: GuardRules): boolean {
  const { origin, host = '', referer } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined) return !origins.includes(origin) && !isOwnOrigin(origin, host, url);
  if (site === undefined)
    return referer !== undefined && !isListed(referer, origins) && !isOwnReferer(referer, host, url);
  if (site === 'same-origin') return !isOwnHost(host, url);
  // `none`: typed into the address bar, or a link in a mail. Nobody types a job.
  return !(site === 'none' && headers['sec-fetch-mode'] !== 'navigate');
}

const isListed = (address: string, origins: readonly string[]): boolean =>
  URL.canParse(address) && origins.includes(new URL(address).origin);

const isOwnReferer = (referer: string, host: string, url: string | undefined): boolean =>
  URL.canParse(referer) && isOwnOrigin(new URL(referer).origin, host, url);

function isOwnOrigin(origin: string, host: string, url: string | undefined): boolean {
  if (!URL.canParse(origin)) return false;
  if (url !== undefined && new URL(url).origin === origin) return true;
  return new URL(origin).host === host.toLowerCase() && isOwnHost(host, url);
}

function isOwnHost(host: string, url: string | undefined): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  if (url !== undefined && new URL(url).host === host.toLowerCase()) return true;
  const { hostname } = new URL(`http://${host}`);
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
