import { cut } from './text.ts';

/** Where it is drawn: standard error, so that an answer can be piped while it moves. */
export interface BarStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface ProgressBar {
  /** Draws it anew; `note` stands behind the numbers. */
  show(done: number, note?: string): void;
  /** Wipes it away. */
  end(): void;
}

const WIDTH = 24;
const WIPE = '\r\u001B[2K';
/** A person sees no more, and a terminal over a slow line takes no more. */
const REDRAW_MS = 100;

/** `sending ━━━━━━╌╌╌╌ 120/400`, on a terminal alone; elsewhere it says nothing. */
export function createProgressBar(title: string, total: number, stream: BarStream = process.stderr): ProgressBar {
  const { isTTY = false, columns = 80 } = stream;
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  return {
    show: (done, note = '') => {
      const nowMs = performance.now();
      if (!isTTY || (nowMs - drawnAtMs < REDRAW_MS && done < total)) return;
      drawnAtMs = nowMs;
      stream.write(WIPE + cut(`${title} ${bar(done, total)} ${done}/${total} ${note}`.trimEnd(), columns - 1));
    },
    end: () => void (isTTY && stream.write(WIPE)),
  };
}

function bar(done: number, total: number): string {
  const filled = Math.round((Math.min(done, total) / Math.max(total, 1)) * WIDTH);
  return '━'.repeat(filled) + '╌'.repeat(WIDTH - filled);
}
