import { pino } from 'pino';

export type LogFields = Record<string, unknown>;

/**
 * One event, one line: a constant message, the facts in fields, never payloads or credentials. `error`: a person must
 * act; `warn`: we coped; `info`: a milestone.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** JSON lines for machines, one readable line an event on a terminal. Standard output stays free for answers. */
export function createLog({
  level = 'info',
  output = process.stderr,
}: { level?: LogLevel; output?: LogOutput } = {}): Log {
  const destination = output.isTTY ? { write: (line: string) => output.write(readable(line)) } : output;
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } },
    destination,
  );
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
  };
}

export interface LogOutput {
  isTTY?: boolean;
  write(text: string): unknown;
}

const levelName = (level: string): { level: string } => ({ level });

/** An error is what it says, with the messages of its causes: a stack helps nobody who operates this. */
function plain(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? errorText(value) : value]),
  );
}

/** `message: cause: its cause`, without what a message already repeats. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node's AggregateError of a failed connect has no message of its own.
  const message = error.message || (error as NodeJS.ErrnoException).code || error.name;
  if (error.cause === undefined) return message;
  const cause = errorText(error.cause);
  return message.includes(cause) ? message : `${message}: ${cause}`;
}

function readable(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: string; time: string; msg: string };
  const facts = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${msg}${facts.join('')}\n`;
}
