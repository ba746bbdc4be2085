import { EventEmitter } from 'node:events';

import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';

/** Shut while the engine or the store is away: nothing is received then, since it could only be given back. */
export interface Gate {
  readonly isOpen: boolean;
  /** Somebody found it away. Only a probe opens it again. */
  shut(reason: string): void;
  /** Settles when it is open or `signal` is aborted; asks meanwhile. It begins shut. */
  whenOpen(signal: AbortSignal): Promise<void>;
  /** Calls with every change until `signal` is aborted. */
  watch(onChange: (isOpen: boolean) => void, signal: AbortSignal): void;
}

export interface GateDeps {
  /** Says what is away; undefined when all answers. */
  probe(): Promise<string | undefined>;
  clock: Clock;
  log: Log;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

export function createGate({ probe, clock, log }: GateDeps): Gate {
  const changes = new EventEmitter().setMaxListeners(0);
  let isOpen = false;
  let trouble: string | undefined;

  function shut(reason: string): void {
    if (trouble === undefined) log.warn('Intake waits, trying again until it can start jobs', { reason });
    trouble = reason;
    if (!isOpen) return;
    isOpen = false;
    changes.emit('change', isOpen);
  }

  function open(): void {
    if (trouble !== undefined) log.info('Intake goes on');
    trouble = undefined;
    if (isOpen) return;
    isOpen = true;
    changes.emit('change', isOpen);
  }

  async function whenOpen(signal: AbortSignal): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !isOpen && !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const away = await probe();
      if (away === undefined) return open();
      shut(away);
      await clock.sleep(pauseMs, signal);
    }
  }

  return {
    get isOpen() {
      return isOpen;
    },
    shut,
    whenOpen,
    watch: (onChange, signal) => {
      if (signal.aborted) return;
      changes.on('change', onChange);
      signal.addEventListener('abort', () => changes.off('change', onChange), { once: true });
    },
  };
}
