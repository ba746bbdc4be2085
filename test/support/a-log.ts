import type { Log, LogFields, LogLevel } from '../../lib/log.ts';

export interface LogEvent extends LogFields {
  level: LogLevel;
  message: string;
}

/** A log that keeps what it was told. */
export function aLog(): Log & { readonly events: readonly LogEvent[] } {
  const events: LogEvent[] = [];
  const keep =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      void events.push({ ...fields, level, message });
  return { events, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}
