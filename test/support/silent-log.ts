import type { Log } from '../../lib/log.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
