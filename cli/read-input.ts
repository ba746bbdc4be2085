import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { errorText } from '../lib/log.ts';

import { UsageError } from './context.ts';

/** The bytes of a file, or of standard input for `-`. */
export async function readInput(file: string): Promise<Buffer> {
  try {
    return await buffer(file === '-' ? process.stdin : createReadStream(file));
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Rejects when `readInput` of that file would. */
export async function checkReadable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

const unreadable = (file: string, error: unknown): UsageError =>
  new UsageError(`cannot read ${file}: ${errorText(error)}`);
