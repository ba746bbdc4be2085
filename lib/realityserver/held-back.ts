import { Readable } from 'node:stream';

import { createCollector } from './garbage.ts';

/** The beginning of a stream: all of it, or a part with the means to read the whole. */
export type HeldBack = { complete: true; bytes: Buffer } | { complete: false; head: Buffer; whole(): Readable };

/** Enough to see what a stream is. */
const HEAD_BYTES = 1024;

/**
 * Reads a stream until it ends or is longer than `limitFor` says of its head (at most 1 KiB). `broken` words what the
 * stream fails with.
 */
export async function holdBack(
  source: Readable,
  limitFor: (head: Buffer) => number,
  broken: (cause: unknown) => Error,
): Promise<HeldBack> {
  // Between two reads nobody listens.
  source.on('error', () => undefined);
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const next = (): Promise<IteratorResult<Buffer>> =>
    chunks.next().catch((error: unknown) => {
      throw broken(error);
    });

  const held: Buffer[] = [];
  let size = 0;
  let head = Buffer.alloc(0);
  for (;;) {
    const { done, value } = await next();
    if (done) return { complete: true, bytes: Buffer.concat(held) };
    held.push(value);
    size += value.length;
    if (head.length < HEAD_BYTES) head = Buffer.concat(held).subarray(0, HEAD_BYTES);
    if (size > limitFor(head)) return { complete: false, head, whole: () => replayed(held, next) };
  }
}

/** What was held back, then what follows. */
function replayed(held: Buffer[], next: () => Promise<IteratorResult<Buffer>>): Readable {
  const passed = createCollector();
  return new Readable({
    read() {
      const first = held.shift();
      if (first !== undefined) {
        this.push(first);
        return;
      }
      next().then(
        ({ done, value }) => {
          if (!done) passed(value.length);
          this.push(done ? null : value);
        },
        (error: Error) => this.destroy(error),
      );
    },
  });
}
