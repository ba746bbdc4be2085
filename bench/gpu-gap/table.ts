import { percentile } from '../statistics.ts';

export interface GapResults {
  name: string;
  uploadMs: number;
  /** Between the end of one command and the start of the next. */
  gapsMs: number[];
}

/** Markdown, as it stands in the README. */
export function gapsTable(results: readonly GapResults[]): string {
  const rows = results.map(({ name, uploadMs, gapsMs }) =>
    [name, String(uploadMs), percentile(gapsMs, 50).toFixed(1), percentile(gapsMs, 99).toFixed(1)].join(' | '),
  );
  return [
    '| who | upload, ms | idle GPU p50, ms | p99, ms |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n');
}
