import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import { RealityServerError, type CommandResult } from './client.ts';
import { beginsAsEnvelope, mayBeEnvelope, readAnswer } from './envelope.ts';
import { holdBack } from './held-back.ts';

export interface AnswerOptions {
  command: string;
  /** Scheme, host and port, for messages. */
  server: string;
  maxJsonBytes: number;
  /** The failure of an answer whose connection ended in the middle. */
  cut(cause: unknown): Error;
}

/** What has not shown itself as a JSON-RPC answer by then is a result of its own: a scene, a table. */
const UNDECIDED_BYTES = 256 * 1024;
const JSON_TYPE = /^application\/(?:[^;]+\+)?json(?:\s*;|$)/i;
const NO_TYPE = 'application/octet-stream';

/** Decides by the body, not by the status, whether an answer is a result; a status from 400 on is never one. */
export async function resultOf(
  { statusCode = 0, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  body: Readable,
  { command, server, maxJsonBytes, cut }: AnswerOptions,
): Promise<CommandResult> {
  const mimeType = headers['content-type'] || NO_TYPE;
  const limitFor = (head: Buffer): number => {
    if (beginsAsEnvelope(head)) return maxJsonBytes;
    return mayBeEnvelope(head) ? Math.min(UNDECIDED_BYTES, maxJsonBytes) : 0;
  };
  const unexpected = (what: string): Error => new RealityServerError('UnexpectedResult', `${command} ${what}`);

  // Of an answer that is no result anyway, the status says more than its missing end.
  const broken = (cause: unknown): Error => (statusCode >= 400 ? statusError(statusCode, command, server) : cut(cause));
  const held = await holdBack(body, limitFor, broken);
  if (!held.complete) {
    const isTooLarge = beginsAsEnvelope(held.head);
    if (!isTooLarge && statusCode < 400) return { mimeType, bytes: held.whole() };
    throw statusCode < 400
      ? unexpected(`answered with more than ${maxJsonBytes} bytes of JSON`)
      : statusError(statusCode, command, server);
  }

  const read = held.bytes.length === 0 ? undefined : readAnswer(held.bytes);
  if (read?.outcome === 'error') {
    const { message } = read;
    throw new RealityServerError('CommandFailed', `${command} failed on ${server}: ${message}`, { said: message });
  }
  if (statusCode >= 400) throw statusError(statusCode, command, server);
  switch (read?.outcome) {
    case undefined:
      throw unexpected('answered with nothing');
    case 'result':
      return { mimeType: 'application/json', bytes: whole(Buffer.from(read.result)) };
    case 'brokenJson':
      if (JSON_TYPE.test(mimeType)) throw unexpected('answered with broken JSON');
      return { mimeType, bytes: whole(held.bytes) };
    case 'bytes':
      return { mimeType, bytes: whole(held.bytes) };
    default:
      return read satisfies never;
  }
}

/** 4xx and 5xx without a JSON-RPC error ([inferred]): the request's fault, the host's fault. */
const statusError = (status: number, command: string, server: string): Error =>
  new RealityServerError(
    status >= 500 ? 'HostFault' : 'BadRequest',
    `${server} answered ${command} with status ${status}`,
  );

const whole = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false });
