import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import type { JsonText } from '../../lib/contract/job-input.ts';
import { elementTexts } from '../../lib/contract/json-text.ts';
import { errorText } from '../../lib/log.ts';

import type { Submitted } from '../send.ts';

import { answerTo, joined, partsOf, type Parts } from './json-rpc.ts';
import { mayHoldOwn } from './own-commands.ts';
import { refuse, type Change, type Exchange, type PassThrough } from './pass-through.ts';
import type { OwnCalls, OwnOutcomes } from './run-each.ts';

/** Larger ones stream through unread, and so do compressed ones: a job is smaller. */
const MOST_READ_BYTES = 4 * 1024 * 1024;
/** What the answers to the rest of a mixed array may have together, to be joined with ours. */
const MOST_JOINED_BYTES = 64 * 1024 * 1024;

export interface RootDeps {
  passThrough: PassThrough;
  /** Runs our commands of one request, by their place. Never rejects. */
  run(calls: OwnCalls, request: IncomingMessage): Promise<OwnOutcomes>;
  /** What a listed page of another site needs to read our answers. */
  headersFor(request: IncomingMessage): string[];
}

/** JSON-RPC at `/`: answers our commands and passes all else on, also out of one array. */
export function createRoot({ passThrough, run, headersFor }: RootDeps) {
  async function pass(exchange: Exchange, change?: Change): Promise<void> {
    const answer = await passThrough.ask(exchange, change);
    if (answer) passThrough.relay(answer, exchange);
  }

  async function answer({ isArray, parts }: Parts, exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const calls = new Map(parts.flatMap(({ own }, place) => (own ? [[place, own]] : [])));
    const outcomes = await run(calls, request);
    const own = new Map(
      [...outcomes].map(([place, { outcome }]) => [place, answerTo(parts[place]?.text ?? '', outcome)]),
    );
    const submitted = [...outcomes.values()].flatMap((each) => each.submitted ?? []);
    const headers = [...idHeaders(submitted), ...headersFor(request)];
    if (own.size === parts.length) {
      const texts = [...own.values()];
      return send(response, isArray ? `[${texts.join(',')}]` : (texts[0] ?? ''), headers);
    }
    const rest = parts.filter((part) => !part.own).map(({ text }) => text);
    // What is joined with ours must be readable.
    const change = { ...restOf(request, `[${rest.join(',')}]`), without: ['content-length', 'accept-encoding'] };
    const theirs = await passThrough.ask(exchange, change, headers);
    if (!theirs) return;
    let read: Buffer | undefined;
    try {
      read = await readText(theirs);
    } catch (error) {
      // What was queued is queued: its ids must arrive.
      return refuse(response, 502, `RealityServer: its answer broke off (${errorText(error)})`, headers);
    }
    if (read && isArrayText(read)) {
      const texts = joined(parts.length, own, elementTexts(read.toString()));
      return send(response, `[${texts.join(',')}]`, [...cookies(theirs), ...headers]);
    }
    // A Binary result or an error page replaces the whole response; the ids of what was queued are in the headers.
    passThrough.relay(theirs, exchange, headers, read);
  }

  return async (exchange: Exchange): Promise<void> => {
    const { request } = exchange;
    if (request.method === 'GET') {
      const call = new URL(request.url ?? '/', 'http://gateway').searchParams.get(GET_PARAMETER);
      const parts = call !== null && mayHoldOwn(Buffer.from(call)) ? partsOf(call) : undefined;
      return parts ? answer(parts, exchange) : pass(exchange);
    }
    if (request.method !== 'POST' || !isRead(request)) return pass(exchange);
    const { bytes, isWhole } = await firstBytes(request);
    if (!isWhole) return pass(exchange, { body: Readable.from(all(bytes, request)) });
    const parts = mayHoldOwn(bytes) ? partsOf(bytes.toString()) : undefined;
    return parts ? answer(parts, exchange) : pass(exchange, { body: bytes });
  };
}

const GET_PARAMETER = 'json_rpc_request';

const isRead = ({ headers }: IncomingMessage): boolean =>
  (headers['content-encoding'] ?? 'identity') === 'identity' &&
  Number(headers['content-length'] ?? 0) <= MOST_READ_BYTES;

/** Up to a limit; the stream stays open behind it, and stands still. */
const firstBytes = (stream: IncomingMessage, most = MOST_READ_BYTES): Promise<{ bytes: Buffer; isWhole: boolean }> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const settle = (isWhole: boolean): void => {
      stream.off('data', onData).off('end', onEnd).off('error', reject).off('close', onClose);
      if (!isWhole) stream.pause();
      resolve({ bytes: pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces), isWhole });
    };
    const onData = (piece: Buffer): void => {
      pieces.push(piece);
      size += piece.length;
      if (size > most) settle(false);
    };
    const onEnd = (): void => settle(true);
    const onClose = (): void => reject(new Error('it broke off'));
    stream.on('data', onData).once('end', onEnd).once('error', reject).once('close', onClose);
  });

async function* all(first: Buffer, rest: IncomingMessage): AsyncGenerator<Buffer> {
  yield first;
  yield* rest as AsyncIterable<Buffer>;
}

/** The same request with the rest of its calls. */
function restOf(request: IncomingMessage, rest: JsonText): Change {
  if (request.method !== 'GET') return { body: Buffer.from(rest) };
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway');
  searchParams.set(GET_PARAMETER, rest);
  return { path: `${pathname}?${searchParams.toString()}` };
}

/** All of an answer that may be JSON; undefined for one that streams on: bytes of a picture, or more than can be joined. */
async function readText(answer: IncomingMessage): Promise<Buffer | undefined> {
  const { 'content-type': type = 'application/json' } = answer.headers;
  if (!/json|text|javascript/i.test(type)) return undefined;
  const { bytes, isWhole } = await firstBytes(answer, MOST_JOINED_BYTES);
  if (isWhole) return bytes;
  answer.unshift(bytes);
  return undefined;
}

function isArrayText(bytes: Buffer): boolean {
  try {
    return Array.isArray(JSON.parse(bytes.toString()));
  } catch {
    return false;
  }
}

const cookies = ({ headers }: IncomingMessage): string[] =>
  (headers['set-cookie'] ?? []).flatMap((cookie) => ['Set-Cookie', cookie]);

const idHeaders = (submitted: readonly Submitted[]): string[] =>
  submitted.length === 0
    ? []
    : [
        'X-Dqm-Message-Id',
        submitted.map(({ messageId }) => messageId).join(', '),
        'X-Dqm-Job-Id',
        submitted.map(({ jobId }) => jobId).join(', '),
      ];

function send(response: ServerResponse, text: JsonText, headers: readonly string[]): void {
  const body = Buffer.from(text);
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length), ...headers]);
  response.end(body);
}
