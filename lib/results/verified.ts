import { createHash } from 'node:crypto';
import { addAbortSignal, pipeline, Transform, type Readable } from 'node:stream';

import { sha256 } from '../contract/ids.ts';
import type { StagedResult } from '../contract/job-input.ts';

import { NoSuchResult } from './store.ts';

/** All of a small result, or an error unless these are its bytes. */
export function verifiedBytes(bytes: Buffer, result: StagedResult): Buffer {
  if (bytes.length !== result.size || sha256(bytes) !== result.sha256) throw mismatch(result);
  return bytes;
}

/** The bytes of `source`, ending in an error unless they are those of `result`. `unavailable` wraps what `source` fails with. */
export function verified(
  source: Readable,
  result: StagedResult,
  unavailable: (error: Error) => Error,
  signal: AbortSignal,
): Readable {
  const hash = createHash('sha256');
  let size = 0;
  let held: Buffer | undefined;

  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > result.size) return done(mismatch(result));
      hash.update(chunk);
      const previous = held;
      held = chunk;
      return done(null, previous);
    },
    flush(done) {
      if (size !== result.size || hash.digest('hex') !== result.sha256) return done(mismatch(result));
      return done(null, held);
    },
  });
  // Before the pipeline hears of it: its first error is the one the reader gets.
  source.once('error', (error) => checked.destroy(unavailable(error)));
  pipeline(source, checked, () => undefined);
  return addAbortSignal(signal, checked);
}

const mismatch = ({ uri }: StagedResult): Error =>
  new NoSuchResult(`${uri} no longer holds the bytes it was published with`);
