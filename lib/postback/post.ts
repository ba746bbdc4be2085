import type { Readable } from 'node:stream';

import { request, type Dispatcher } from 'undici';

import { AddressRefused, refusedUrl } from './address-rules.ts';
import { basicAuthorization, destinationOf } from './destination.ts';

export interface PostRequest {
  /** Its user info goes as Basic authorization. */
  url: URL;
  method: 'POST' | 'PUT';
  /** For every server that a redirect leads to. Names in lower case. */
  headers: Record<string, string>;
  /** For the first origin alone, since they may hold credentials. Win over `headers`. Names in lower case. */
  originHeaders: Record<string, string>;
  /** Asked again for every redirect. */
  body(): Promise<Readable>;
  /** Bytes. */
  size: number;
}

export interface PostAnswer {
  status: number;
  retryAfter: string | undefined;
  /** Why a redirect was not followed. */
  redirect?: string;
}

/** Sends a body and gives the last answer, whatever its status. Fails when nothing answered, or with `AddressRefused`. */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<PostAnswer>;

export interface PostOptions {
  agent: Dispatcher;
  allowPostbacks: readonly string[];
  followRedirects: boolean;
}

const MAX_REDIRECTS = 5;
/** Of an answer's body, read so that the connection can be used again. */
const READ_BYTES = 64 * 1024;

export function createPost({ agent, allowPostbacks, followRedirects }: PostOptions): Post {
  return async (posted, signal) => {
    let { url } = posted;
    let isFirstOrigin = true;
    for (let redirects = 0; ; redirects += 1) {
      const refused = refusedUrl(url, allowPostbacks);
      if (refused !== undefined) throw new AddressRefused(refused);
      const { status, location, retryAfter } = await send(agent, url, isFirstOrigin, posted, signal);
      if (status < 300 || status >= 400) return { status, retryAfter };
      const next = followRedirects ? redirectTarget(status, location, url, redirects) : 'follow_redirects is off';
      if (typeof next === 'string') return { status, retryAfter, redirect: next };
      isFirstOrigin &&= next.origin === url.origin;
      url = next;
    }
  };
}

/**
 * Where a redirect leads, or why it is not followed. 302 and 303 lead to a page about what was sent, a login form as
 * well as a thank-you: sending there would report a lost result as delivered.
 */
function redirectTarget(status: number, location: string | undefined, from: URL, redirects: number): URL | string {
  if (![301, 307, 308].includes(status)) return `${status} does not ask for the result at another address`;
  if (location === undefined || !URL.canParse(location, from.href)) return 'it has no usable Location';
  if (redirects >= MAX_REDIRECTS) return `it is the one after ${MAX_REDIRECTS} others`;
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:') return `${destinationOf(to)} is not encrypted`;
  // Not ours to pass on: a server that wants credentials sends people to where they gave some.
  to.username = '';
  to.password = '';
  return to;
}

async function send(
  agent: Dispatcher,
  url: URL,
  isFirstOrigin: boolean,
  posted: PostRequest,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined; retryAfter: string | undefined }> {
  const authorization = isFirstOrigin ? basicAuthorization(posted.url) : undefined;
  const body = await posted.body();
  // Once the request has failed nobody else listens to what the stream says.
  body.on('error', () => undefined);
  try {
    const answer = await request(`${url.origin}${url.pathname}${url.search}`, {
      dispatcher: agent,
      method: posted.method,
      headers: {
        ...posted.headers,
        ...(authorization !== undefined && { authorization }),
        ...(isFirstOrigin && posted.originHeaders),
        'content-length': String(posted.size),
      },
      body,
      signal,
    });
    await answer.body.dump({ limit: READ_BYTES, signal });
    const { location, 'retry-after': retryAfter } = answer.headers;
    return { status: answer.statusCode, location: first(location), retryAfter: first(retryAfter) };
  } finally {
    body.destroy();
  }
}

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
