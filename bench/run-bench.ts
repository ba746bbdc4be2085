import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runProcess, type Opened } from '../cli/process.ts';
import { silenceAwsNotice } from '../lib/config/environment.ts';
import type { Log } from '../lib/log.ts';
import { untilAborted } from '../lib/run.ts';

/** What a bench works with. */
export interface Bench {
  /** Its own, gone at the end. */
  folder: string;
  log: Log;
  opened: Opened;
}

export interface BenchOptions<Results> {
  log: Log;
  /** Under `bench/`: where the results are kept. */
  file: string;
  /** Opens all that is measured, and gives what measures it. */
  open(bench: Bench): Promise<() => Promise<Results>>;
  /** Markdown. */
  table(results: Results): string;
}

/**
 * Measures, prints and keeps the results, and ends the process. SIGINT and SIGTERM drop what is being measured: all that
 * was opened is closed, and nothing is kept.
 */
export async function runBench<Results>({ log, file, open, table }: BenchOptions<Results>): Promise<never> {
  silenceAwsNotice();
  const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-'));
  let isMeasured = false;
  const report = async (results: Results): Promise<void> => {
    process.stdout.write(table(results));
    await writeFile(join(process.cwd(), 'bench', file), `${JSON.stringify(results, undefined, 2)}\n`);
    isMeasured = true;
  };
  try {
    await runProcess(log, async (opened) => {
      const measure = await open({ folder, log, opened });
      process.stderr.write('Measuring\n');
      opened.runs({ done: untilAborted(measure().then(report), opened.signal, undefined), stop: () => undefined });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.exit(isMeasured ? 0 : 1);
}
