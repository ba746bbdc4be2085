import type { RunMark } from '../activities/render.ts';
import type { Clock } from '../lib/clock.ts';
import { errorText, type Log } from '../lib/log.ts';
import { RealityServerError, type CommandRun, type RealityServer } from '../lib/realityserver/client.ts';

import type { LetGo } from './gpu-slots.ts';
import type { RunMarker } from './run-marker.ts';

/** Commands that nobody waits for any more, and that may still be on the GPU. */
export interface AbandonedRuns {
  /** Keeps the slot closed from now on until the run is over. */
  abandon(command: string, run: CommandRun): void;
  /** The same for a run that an earlier process left: its connection is gone. */
  recover(mark: RunMark): void;
  /** Resolves when nothing of them may run any more. */
  settled(): Promise<void>;
  /** Gives a `cancel_command` that is on its way a moment, then lets go of everything. */
  stop(): Promise<void>;
}

export interface AbandonedRunsDeps {
  hold(): LetGo;
  realityServer: RealityServer;
  marker: RunMarker;
  /** Undefined when the server has none for it. */
  cancelCommandOf(command: string): string | undefined;
  /** `abandoned_wait`. */
  waitMs: number;
  clock: Clock;
  log: Log;
  /** Shown in log lines: scheme, host and port. */
  name: string;
}

const CALL_TIMEOUT_MS = 10_000;
const CANCEL_AGAIN_MS = 5_000;
const LOOK_MS = 1_000;
const LAST_MOMENT_MS = 3_000;

/**
 * A RealityServer runs commands in parallel and does not say that it is busy. So after a command was given up the next one
 * waits until `cancel_command` has stopped it, its connection has ended, the server was seen down and up, or
 * `abandoned_wait` is over.
 */
export function createAbandonedRuns(deps: AbandonedRunsDeps): AbandonedRuns {
  const { hold, realityServer, marker, clock, log, name } = deps;
  const stopping = new AbortController();
  const open = new Set<Promise<void>>();

  function settle(command: string, ways: (signal: AbortSignal) => Promise<string>[], close: () => void): void {
    const letGo = hold();
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, stopping.signal]);
    const stopped = new Promise<undefined>((resolve) => {
      stopping.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    log.warn('A command was given up and may still run, the GPU stays closed', { realityServer: name, command });
    const done = Promise.race([...ways(signal), cancelled(command, signal), waited(signal), stopped])
      .then((how) => {
        over.abort();
        close();
        if (how === undefined) return;
        marker.clear();
        log.info('A command that was given up is over', { realityServer: name, command, how });
      })
      .finally(() => {
        open.delete(done);
        letGo();
      });
    open.add(done);
  }

  async function waited(signal: AbortSignal): Promise<string> {
    await clock.sleep(deps.waitMs, signal);
    return signal.aborted ? never() : 'abandoned_wait is over';
  }

  async function cancelled(command: string, signal: AbortSignal): Promise<string> {
    const cancel = deps.cancelCommandOf(command);
    if (cancel === undefined) return never();
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        const { bytes } = await realityServer.run(cancel, '{}', within(signal));
        bytes.resume();
        return `${cancel} stopped it`;
      } catch (error) {
        const reason = errorText(error);
        if (tries === 0 && !signal.aborted) log.warn('cancel_command failed', { realityServer: name, cancel, reason });
        await clock.sleep(CANCEL_AGAIN_MS, signal);
      }
    }
    return never();
  }

  async function restarted(signal: AbortSignal): Promise<string> {
    for (let wasDown = false; !signal.aborted;) {
      try {
        await realityServer.version(within(signal));
        if (wasDown) return 'the server was down and is up again';
      } catch (error) {
        wasDown ||= error instanceof RealityServerError && error.type === 'HostFault' && !error.connectionBroke;
      }
      await clock.sleep(LOOK_MS, signal);
    }
    return never();
  }

  return {
    abandon: (command, run) => {
      run.discard();
      const ended = run.ended.then(() => 'its connection ended');
      settle(
        command,
        () => [ended],
        () => run.close(new Error('given up')),
      );
    },
    recover: ({ command }) =>
      settle(
        command,
        (signal) => [restarted(signal)],
        () => undefined,
      ),
    settled: async () => {
      while (open.size > 0) await Promise.all(open);
    },
    stop: async () => {
      const all = Promise.all(open);
      if (open.size > 0) await Promise.race([all, clock.sleep(LAST_MOMENT_MS, stopping.signal)]);
      stopping.abort();
      await all;
    },
  };
}

const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);

const never = (): Promise<never> => new Promise(() => undefined);
