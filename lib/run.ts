import { once } from 'node:events';

/** Something that works until it is told to stop: who opens it closes it. */
export interface Running {
  /** Settles when it has ended; rejects when it broke. */
  readonly done: Promise<void>;
  /** Takes no more work and finishes what is in hand. */
  stop(): void;
}

export async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** What `work` gives, or `otherwise` once `signal` is aborted. A race would leave something of each work with a long-lived signal. */
export const untilAborted = <T>(work: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> =>
  new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(otherwise);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
