import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';

import { errorText } from '../lib/log.ts';

import { UsageError } from './context.ts';

/** The bytes of a file, or of standard input for `-`. */
export async function readInput(file: string): Promise<Buffer> {
  try {
    return await buffer(file === '-' ? process.stdin : createReadStream(file));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${errorText(error)}`);
  }
}
