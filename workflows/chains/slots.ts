import { CancellationScope } from '@temporalio/workflow';

/** How many activities of one chain may be open. */
export interface Slots {
  /** Runs `work` when its turn comes, in the order of the calls. Rejects when the chain is cancelled while it waits. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** From now on nothing more begins; what runs goes on. */
  close(): void;
  readonly open: number;
  readonly waiting: number;
}

export function createSlots(most: number): Slots {
  const waiting = new Set<() => void>();
  let open = 0;
  let isClosed = false;

  const turn = (): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.add(resolve);
      CancellationScope.current().cancelRequested.catch((error: unknown) => {
        waiting.delete(resolve);
        reject(error);
      });
    });

  function leave(): void {
    const [next] = isClosed ? [] : waiting;
    if (!next) {
      open -= 1;
      return;
    }
    // Its place goes to the next one, so that no call in between gets ahead.
    waiting.delete(next);
    next();
  }

  return {
    run: async (work) => {
      if (isClosed || open >= most) await turn();
      else open += 1;
      try {
        return await work();
      } finally {
        leave();
      }
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
