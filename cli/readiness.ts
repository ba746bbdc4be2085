import { EventEmitter, once } from 'node:events';

/** What keeps a process from working, for `/readyz`. A part is not ready until it says so. */
export interface Readiness {
  /** Adds a part; the function it gets back tells whether the part can work now. */
  part(name: string): (ready: boolean) => void;
  notReady(): string[];
  /** Settles once all parts are ready, or with `signal`. */
  untilReady(signal: AbortSignal): Promise<void>;
}

export function createReadiness(): Readiness {
  const ready = new Map<string, boolean>();
  const changes = new EventEmitter();
  const notReady = (): string[] => [...ready].filter(([, isReady]) => !isReady).map(([name]) => name);
  return {
    part: (name) => {
      ready.set(name, false);
      return (isReady) => {
        ready.set(name, isReady);
        changes.emit('change');
      };
    },
    notReady,
    untilReady: async (signal) => {
      while (notReady().length > 0 && !signal.aborted) await once(changes, 'change', { signal }).catch(() => undefined);
    },
  };
}
