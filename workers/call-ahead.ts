import type { Clock } from '../lib/clock.ts';

/** Says when the command that runs will soon be over, where commands are short enough to tell. */
export interface CallAhead {
  /** A command is on the GPU from now on. */
  begins(command: string): void;
  /** It gave a whole answer. */
  completed(): void;
  /** It is off the GPU, well or not. */
  over(): void;
}

/** What ended otherwise, or took longer, may do so again: then the next command waits where any host can take it. */
const SHORT_IN_A_ROW = 8;
const SHORT_MS = 250;
/** Who says 20 ms now and 200 then says nothing of the next one: a `highest` job would wait behind what was called too soon. */
const ALIKE_MS = 100;
/** The engine hands a command out in 5 ms, in 50 when it is busy. */
const LEAD_MS = 50;

/**
 * Calls `soonOver` a moment before the end of a command whose last eight runs here were all short, and alike. Between commands of
 * 100 ms the way to the engine is a tenth of the GPU's time; after a longer one it is nothing, and what was called too soon
 * would wait here while another host is idle.
 */
export function createCallAhead({ clock, soonOver }: { clock: Clock; soonOver(): void }): CallAhead {
  const lately = new Map<string, number[]>();
  let running: { command: string; sinceMs: number; ending: AbortController } | undefined;
  /** What has run until now. */
  const end = (): typeof running => {
    const ended = running;
    ended?.ending.abort();
    running = undefined;
    return ended;
  };

  return {
    begins: (command) => {
      const ending = new AbortController();
      running = { command, sinceMs: clock.now(), ending };
      const afterMs = callAfterMs(lately.get(command) ?? []);
      if (afterMs === undefined) return;
      void clock.sleep(afterMs, ending.signal).then(() => {
        if (!ending.signal.aborted) soonOver();
      });
    },
    completed: () => {
      const ended = end();
      if (!ended) return;
      const { command, sinceMs } = ended;
      lately.set(command, [...(lately.get(command) ?? []), clock.now() - sinceMs].slice(-SHORT_IN_A_ROW));
    },
    over: () => {
      const ended = end();
      if (ended) lately.delete(ended.command);
    },
  };
}

function callAfterMs(lately: readonly number[]): number | undefined {
  const [shortest, longest] = [Math.min(...lately), Math.max(...lately)];
  if (lately.length < SHORT_IN_A_ROW || longest > SHORT_MS || longest - shortest > ALIKE_MS) return undefined;
  return Math.max(shortest - LEAD_MS, 0);
}
