import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { Binary } from './commands.ts';
import type { Fault } from './faults.ts';

/** What is sent, and how badly. */
export interface Body extends Binary {
  /** Pieces of this size, each after this pause. */
  slow?: { chunkBytes: number; intervalMs: number };
  /** The connection ends after so many bytes. */
  cutAfter?: number;
}

export const textBody = (text: string, mimeType = 'application/json'): Body => {
  const bytes = Buffer.from(text);
  return { mimeType, size: bytes.length, chunks: [bytes] };
};

/** A fault that spoils an answer; any other one leaves it as it is. */
export function spoiled(body: Body, fault: Fault | undefined): Body {
  switch (fault?.kind) {
    case 'slow_bytes':
      return { ...body, slow: { chunkBytes: fault.chunk_bytes, intervalMs: fault.interval_ms } };
    case 'truncated':
      return { ...body, cutAfter: fault.after_bytes ?? Math.floor(body.size / 2), isChunked: fault.chunked };
    case 'wrong_type':
      return { ...body, mimeType: fault.mime_type };
    case 'empty':
      return { ...body, size: 0, chunks: [] };
    default:
      return body;
  }
}

/** `beforeLast` is called before the last byte goes out: whoever has that byte finds the work done. */
export async function send(
  response: ServerResponse,
  status: number,
  body: Body,
  beforeLast: () => void,
): Promise<void> {
  response.writeHead(status, {
    'content-type': body.mimeType,
    ...(!body.isChunked && { 'content-length': body.size }),
  });
  const limit = body.cutAfter ?? body.size;
  let sent = 0;
  for (const piece of piecesOf(body)) {
    if (body.slow) await delay(body.slow.intervalMs);
    const chunk = piece.subarray(0, limit - sent);
    sent += chunk.length;
    if (sent === limit) beforeLast();
    const arrived = await written(response, chunk);
    if (!arrived) return;
    if (body.cutAfter !== undefined && sent === limit) {
      response.destroy();
      return;
    }
  }
  response.end();
}

function* piecesOf({ chunks, slow }: Body): Generator<Buffer> {
  for (const chunk of chunks) {
    const step = slow?.chunkBytes ?? chunk.length;
    for (let at = 0; at < chunk.length; at += step) yield chunk.subarray(at, at + step);
  }
}

/** False when the connection has ended. */
const written = (response: ServerResponse, chunk: Buffer): Promise<boolean> =>
  new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    response.once('close', onClose);
    response.write(chunk, (error) => {
      response.off('close', onClose);
      resolve(!error);
    });
  });
