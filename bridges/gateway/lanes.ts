/** Gives each client its own queue, so that the flood of one does not starve another. */
export interface Lanes {
  /** Rejects with `LaneFull` when too many of this client wait already. */
  run<T>(client: string, work: () => Promise<T>): Promise<T>;
}

export interface LaneLimits {
  /** Of one client. */
  atOnce: number;
  waiting: number;
}

export class LaneFull extends Error {
  override readonly name = 'LaneFull';
}

interface Lane {
  running: number;
  waiting: (() => void)[];
}

export function createLanes({ atOnce, waiting: mostWaiting }: LaneLimits): Lanes {
  const lanes = new Map<string, Lane>();

  function leave(client: string, lane: Lane): void {
    const next = lane.waiting.shift();
    if (next) return next();
    lane.running -= 1;
    if (lane.running === 0) lanes.delete(client);
  }

  return {
    run: async (client, work) => {
      const lane = lanes.get(client) ?? { running: 0, waiting: [] };
      lanes.set(client, lane);
      if (lane.running < atOnce) lane.running += 1;
      else if (lane.waiting.length >= mostWaiting)
        throw new LaneFull(`${mostWaiting} commands of this client wait already`);
      // Whoever leaves hands its place on.
      else await new Promise<void>((resolve) => lane.waiting.push(resolve));
      try {
        return await work();
      } finally {
        leave(client, lane);
      }
    },
  };
}
