/** Where a command's answer goes, and what that place can show. */
export interface Output {
  /** JSON lines, and nothing else. */
  json: boolean;
  write(text: string): void;
  /** Somebody looks on: what is shown may be redrawn. */
  isTerminal: boolean;
  /** Width to fit into, 60 to 200. */
  columns: number;
  /** Never with `json`. */
  colour: boolean;
}

const NARROWEST = 60;
const WIDEST = 200;

/** What standard output is to us; a test gives its own. */
export interface OutputStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Colour on a terminal alone, never with `NO_COLOR` (no-color.org) or on a dumb one. A file or a pipe has room. */
export function createOutput({
  json,
  env,
  stream = process.stdout,
}: {
  json: boolean;
  env: NodeJS.ProcessEnv;
  stream?: OutputStream;
}): Output {
  const isTerminal = stream.isTTY === true;
  // `dqm jobs | head` closes the pipe when it has seen enough.
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    json,
    isTerminal,
    write: (text) => void stream.write(text),
    columns: Math.min(Math.max((isTerminal && stream.columns) || WIDEST, NARROWEST), WIDEST),
    colour: isTerminal && !json && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  };
}

/** One value, one line. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;
