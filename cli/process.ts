import { errorText, type Log } from '../lib/log.ts';
import { whenAborted, type Running } from '../lib/run.ts';

/** What a process has opened. */
export interface Opened {
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Called at the end, last opened first, also when a later start fails. */
  closes(close: () => unknown): void;
  /** Stopped before anything is closed. The process ends when one ends. */
  runs(part: Running): void;
  /** A server that parts need until they have stopped: the process ends when it breaks. */
  needs(server: { done: Promise<void>; stop(): Promise<void> }): void;
}

/**
 * Runs what `start` opens until SIGINT, SIGTERM or the end of a part: parts stop and finish what is in hand, then all is
 * closed. A second signal ends the process at once. Rejects with the first error of a start or a part.
 */
export async function runProcess(log: Log, start: (opened: Opened) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    log.info('Stopping: what is in hand is finished first, a second signal ends at once', { signal });
    stopping.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const closers: (() => unknown)[] = [];
  const parts: Running[] = [];
  const ends: Promise<void>[] = [];
  /** Looked at below; what breaks while a later part starts must not end the process unseen. */
  const watch = (done: Promise<void>): void => {
    ends.push(done);
    done.catch(() => undefined);
  };
  try {
    await start({
      signal: stopping.signal,
      closes: (close) => closers.push(close),
      runs: (part) => {
        parts.push(part);
        watch(part.done);
      },
      needs: (server) => {
        closers.push(() => server.stop());
        watch(server.done);
      },
    });
    await Promise.race([whenAborted(stopping.signal), ...ends]);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    for (const part of parts) part.stop();
    await Promise.allSettled(parts.map((part) => part.done));
    for (const close of closers.toReversed()) {
      try {
        await close();
      } catch (error) {
        log.warn('Not closed in order, the end of the process closes it', { reason: errorText(error) });
      }
    }
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
