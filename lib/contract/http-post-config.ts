import { z } from 'zod';

import { durationMs } from '../config/durations.ts';
import { refusedUrl } from '../postback/address-rules.ts';

import { isHeaderValue, isOpen, isToken, text, textMap, type Stage } from './task-values.ts';

const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 3_600_000;

/** Ours to set, or what decides how the body is framed. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'idempotency-key',
]);
const OWN_PREFIX = 'x-dqm-';

/** Other keys are tolerated. */
export const httpPostSchema = (stage: Stage) =>
  z.object({
    postback_uri: text(stage, 'an http:// or https:// address', isHttpUrl),
    headers: textMap(stage, headerMistake, 'a text without line ends and control characters', isHeaderValue).optional(),
    method: text(stage, 'POST or PUT', isMethod).optional(),
    timeout: text(stage, 'a duration from 1s to 1h, such as 30s', isTimeout).optional(),
  });

const isHttpUrl = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
const isMethod = (value: string): boolean => value === 'POST' || value === 'PUT';

function isTimeout(value: string): boolean {
  const milliseconds = durationMs(value);
  return milliseconds !== undefined && milliseconds >= MIN_TIMEOUT_MS && milliseconds <= MAX_TIMEOUT_MS;
}

function headerMistake(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (OWN_HEADERS.has(lower) || lower.startsWith(OWN_PREFIX)) return 'must not be set by a message';
  return isToken(name) ? undefined : 'is no name for a header';
}

/** Scheme and host may be known before the rest is: `https://shop.example/${message_id}`. */
const SCHEME_AND_HOST = /^\s*([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\]*)/;

/** What the address rules say: `.postback_uri: …`. */
export function httpPostMistake(
  { postback_uri: uri }: { postback_uri: string },
  stage: Stage,
  { allowPostbacks }: { allowPostbacks: readonly string[] },
): string | undefined {
  const [, scheme, authority = ''] = SCHEME_AND_HOST.exec(uri) ?? [];
  const isUriOpen = isOpen(uri, stage);
  if (isUriOpen && scheme === undefined) return undefined;
  const hostIsOpen = isOpen(authority, stage);
  const known = isUriOpen ? `${scheme}://${hostIsOpen ? 'host.invalid' : authority}/` : uri;
  if (!isHttpUrl(known)) return '.postback_uri: must be an http:// or https:// address';
  const refused = hostIsOpen ? undefined : refusedUrl(new URL(known), allowPostbacks);
  return refused && `.postback_uri: ${refused}`;
}
