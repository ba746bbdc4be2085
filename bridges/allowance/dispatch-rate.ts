/** Long enough to smooth a burst, short enough to follow one. */
const WINDOW_MS = 2_000;
const SHORTEST_MS = 200;

interface Sample {
  atMs: number;
  /** Jobs that this bridge has started so far. */
  started: number;
  /** Commands that wait for a host. */
  waiting: number;
}

/** How many commands a second hosts take, as one bridge sees it: what it started, less what waits more. */
export function createDispatchRate() {
  let samples: Sample[] = [];
  return {
    saw(sample: Sample): void {
      // One at least as old as the window stays, to measure from.
      const old = samples.filter(({ atMs }) => atMs <= sample.atMs - WINDOW_MS).slice(-1);
      samples = [...old, ...samples.filter(({ atMs }) => atMs > sample.atMs - WINDOW_MS), sample];
    },
    perSecond(): number {
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || last.atMs - first.atMs < SHORTEST_MS) return 0;
      const begun = last.started - first.started - (last.waiting - first.waiting);
      return (Math.max(begun, 0) * 1_000) / (last.atMs - first.atMs);
    },
  };
}
