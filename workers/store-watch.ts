import { errorText } from '../lib/log.ts';
import { StoreUnavailable, type ResultStore } from '../lib/results/store.ts';

/** A result store, and whether the commands of this host reach it. */
export interface StoreWatch {
  /** The same store, watched. */
  readonly store: ResultStore;
  /** What it answered last, when that was no answer; null while it can be reached. */
  readonly unreachable: string | null;
}

export function watchStore(store: ResultStore): StoreWatch {
  let unreachable: string | null = null;
  async function seen<T>(work: Promise<T>): Promise<T> {
    try {
      const answer = await work;
      unreachable = null;
      return answer;
    } catch (error) {
      if (error instanceof StoreUnavailable) unreachable = errorText(error);
      throw error;
    }
  }
  return {
    store: {
      ...store,
      find: (key, signal) => seen(store.find(key, signal)),
      put: (key, file, signal) => seen(store.put(key, file, signal)),
    },
    get unreachable() {
      return unreachable;
    },
  };
}
