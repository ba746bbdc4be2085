import { resolve } from 'node:path';

import { QUEUE_NAME } from '../contract/names.ts';
import type { ErrorClass, MaxWaitingJobs } from './config.ts';
import { duration, durationMs } from './durations.ts';

/** How one kind of value is read. Messages repeat what the file says, but not of a `secret` kind. */
export interface ValueKind<T> {
  /** Completes "NAME must be …". */
  expects: string;
  /** Undefined when the text is no such value. `folder`: of the file that holds it. */
  read(text: string, folder: string): T | undefined;
  /** May hold credentials. */
  secret?: true;
}

/** Taken as it stands, white space at its end included. */
export const text: ValueKind<string> = { expects: 'a text', read: (value) => value };

export const secret: ValueKind<string> = { ...text, secret: true };

export const onOff: ValueKind<boolean> = {
  expects: 'on or off',
  read: (value) => ({ on: true, off: false })[value.trim()],
};

export const wholeNumber = (min: number, max: number): ValueKind<number> => ({
  expects: `a whole number from ${min} to ${max}`,
  read(value) {
    const number = /^\d{1,15}$/.test(value.trim()) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  },
});

/** In milliseconds. Where `min` is `0s`, a bare `0` is one too. */
export const durationFrom = (min: string, max: string): ValueKind<number> => ({
  expects: `a duration from ${min} to ${max} (such as 500ms, 30s, 10m, 2h, 7d)`,
  read(value) {
    const milliseconds = value.trim() === '0' ? 0 : durationMs(value.trim());
    const inRange = milliseconds !== undefined && milliseconds >= duration(min) && milliseconds <= duration(max);
    return inRange ? milliseconds : undefined;
  },
});

export const oneOf = <const T extends string>(...choices: readonly T[]): ValueKind<T> => ({
  expects: choices.length === 1 ? `${choices[0]}` : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`,
  read: (value) => choices.find((choice) => choice === value.trim()),
});

export const errorClass: ValueKind<ErrorClass> = oneOf('host_fault', 'retry', 'final');

export const queueName: ValueKind<string> = {
  expects: '1 to 80 of A-Z a-z 0-9 . _ -',
  read: (value) => (QUEUE_NAME.test(value) ? value : undefined),
};

/** Part of worker identities and of task queue names. */
export const hostName: ValueKind<string> = {
  expects: '1 to 100 of A-Z a-z 0-9 . _ -',
  read: (value) => (/^[A-Za-z0-9._-]{1,100}$/.test(value.trim()) ? value.trim() : undefined),
};

const HIGHEST_WAITING = 1_000_000;
const waitingNumber = wholeNumber(1, HIGHEST_WAITING);

export const maxWaitingJobs: ValueKind<MaxWaitingJobs> = {
  expects: `auto, unlimited or ${waitingNumber.expects}`,
  read(value, folder) {
    const word = value.trim();
    return word === 'auto' || word === 'unlimited' ? word : waitingNumber.read(value, folder);
  },
};

/** Absolute; a relative one belongs to the file that names it. */
export const path: ValueKind<string> = {
  expects: 'a path (~ is not replaced, ${env:HOME} is)',
  read: (value, folder) => (/^~(\/|$)/.test(value) ? undefined : resolve(folder, value)),
};

export const mimePattern: ValueKind<string> = {
  expects: 'a MIME type or pattern such as image/png or image/*',
  read(value) {
    const pattern = value.trim().toLowerCase();
    return /^(\*\/\*|[\w.+-]+\/(\*|[\w.+-]+))$/.test(pattern) ? pattern : undefined;
  },
};

export const regularExpression: ValueKind<RegExp> = {
  expects: 'a regular expression',
  read(value) {
    try {
      return new RegExp(value);
    } catch {
      return undefined;
    }
  },
};
