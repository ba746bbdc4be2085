import type { BenchResults } from './measure.ts';

/** For people: what was measured, of whom, and against what it must hold. */
export function resultsTable({ rounds, idleMs, jobsPerSecond, history }: BenchResults): string {
  const rows = [
    ['', 'dqm', 'bare Temporal', 'ratio', 'must be'],
    ['one idle job, ms', idleMs.dqm.toFixed(1), idleMs.bare.toFixed(1), idleMs.ratio.toFixed(2), '<= 1.15'],
    [
      'jobs per second',
      jobsPerSecond.dqm.toFixed(1),
      jobsPerSecond.bare.toFixed(1),
      jobsPerSecond.ratio.toFixed(2),
      '>= 0.85',
    ],
    ['events of a history', String(history.events), '', '', '<= 28'],
    ['bytes of a history', String(history.bytes), '', '', '<= 8192'],
  ];
  const widths = [22, 10, 16, 8, 10];
  const line = (row: string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n\nMedians of ${rounds} rounds, both turn by turn on one engine. A job has two tasks.\n`;
}
