/** The destination will never take this result: the task fails for good. */
export class TaskRejected extends Error {
  override readonly name = 'TaskRejected';
}

export interface TaskUnavailableOptions extends ErrorOptions {
  /** Milliseconds until the next attempt; at most an hour counts. Default: from a second, doubling to ten minutes. */
  retryAfterMs?: number;
}

/** The destination cannot take the result now: tried again for `task_retry_window`. */
export class TaskUnavailable extends Error {
  override readonly name = 'TaskUnavailable';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { retryAfterMs, ...options }: TaskUnavailableOptions = {}) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}
