import { CODES, CommandError } from '../lib/realityserver/json-rpc.ts';

/** Lets `stop_render` end the commands that run. */
export interface Stops {
  /** Gives how many it ended. */
  stopAll(): number;
  /** Ends as `work` does, or fails when it is stopped before. */
  orStopped<T>(work: Promise<T>): Promise<T>;
}

export function createStops(): Stops {
  const running = new Set<() => void>();
  return {
    stopAll: () => {
      const { size } = running;
      for (const stop of running) stop();
      return size;
    },
    orStopped: async (work) => {
      let stop = (): void => undefined;
      const stopped = new Promise<never>((_resolve, reject) => {
        stop = () => reject(new CommandError(CODES.internal, 'The command was stopped'));
      });
      running.add(stop);
      try {
        return await Promise.race([work, stopped]);
      } finally {
        running.delete(stop);
      }
    },
  };
}
