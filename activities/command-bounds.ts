/** Counts against the job's attempts: the same scene takes as long on the next host. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout';

  constructor(command: string, timeoutMs: number) {
    super(`${command} did not end within its command_timeout of ${timeoutMs / 1_000} s`);
  }
}

export class CommandStalled extends Error {
  override readonly name = 'CommandStalled';

  constructor(command: string, stallMs: number) {
    super(`${command} made no progress and gave no bytes for its stall_timeout of ${stallMs / 1_000} s`);
  }
}

export interface CommandBounds {
  /** Aborted with a `CommandTimeout` or a `CommandStalled`. */
  readonly signal: AbortSignal;
  /** Bytes came, or a report of progress. */
  progressed(): void;
  clear(): void;
}

/** How long a command may take on the GPU in all, and without any progress (`stallMs` 0: as long as it takes). */
export function boundsOf(command: string, { timeoutMs, stallMs }: { timeoutMs: number; stallMs: number }) {
  const over = new AbortController();
  const timers = [setTimeout(() => over.abort(new CommandTimeout(command, timeoutMs)), timeoutMs)];
  const stall = stallMs > 0 ? setTimeout(() => over.abort(new CommandStalled(command, stallMs)), stallMs) : undefined;
  if (stall) timers.push(stall);
  const bounds: CommandBounds = {
    signal: over.signal,
    progressed: () => void stall?.refresh(),
    clear: () => timers.forEach(clearTimeout),
  };
  return bounds;
}
