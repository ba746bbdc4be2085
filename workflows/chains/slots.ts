import { CancellationScope } from '@temporalio/workflow';

import type { Settle } from './settle.ts';

/** How many activities of one chain may be open. */
export interface Slots {
  /** Runs `work` when its turn comes, in the order of the calls. Rejects when the chain is cancelled while it waits. */
  run<T>(work: () => Promise<T>, settle: Settle<T>): void;
  /** From now on nothing more begins; what runs goes on. */
  close(): void;
  readonly open: number;
  readonly waiting: number;
}

interface Waiting {
  /** The one that it was asked in: it begins from the end of another's work. */
  scope: CancellationScope;
  begin(): void;
  cancel(error: unknown): void;
}

export function createSlots(most: number): Slots {
  const waiting = new Set<Waiting>();
  const watched = new WeakSet<CancellationScope>();
  let open = 0;
  let isClosed = false;

  /** Once for all that wait in it. */
  function watch(scope: CancellationScope): void {
    if (watched.has(scope)) return;
    watched.add(scope);
    scope.cancelRequested.catch((error: unknown) => {
      watched.delete(scope);
      for (const one of waiting) if (one.scope === scope && waiting.delete(one)) one.cancel(error);
    });
  }

  function leave(): void {
    const [next] = isClosed ? [] : waiting;
    if (!next) {
      open -= 1;
      return;
    }
    // Its place goes to the next one, so that no call in between gets ahead.
    waiting.delete(next);
    next.begin();
  }

  return {
    run: (work, { resolve, reject }) => {
      const begin = (): void => {
        work().then(
          (outcome) => (resolve(outcome), leave()),
          (error: unknown) => (reject(error), leave()),
        );
      };
      if (!isClosed && open < most) {
        open += 1;
        begin();
        return;
      }
      const scope = CancellationScope.current();
      watch(scope);
      waiting.add({ scope, begin: () => void scope.run(async () => begin()), cancel: reject });
    },
    close: () => void (isClosed = true),
    get open() {
      return open;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
