import type { Log } from '../lib/log.ts';

/** What is wrong with a chain is said by the failure of its test. */
export const testLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
