/** Milliseconds of a process that tests a chain. */
export interface TestTimes {
  importMs: number;
  firstMs: number;
  furtherMs: number;
}

export interface ChainResults {
  stepMs: { chain: number; bare: number };
  idleShare: number;
  /** Seconds of processor time. */
  bundling: { chains: number; sdk: number };
  /** Before and after the module's bundle lies in the cache. */
  tests: { cold: TestTimes; warm: TestTimes };
}

/** Markdown. */
export function chainsTable({ stepMs, idleShare, bundling, tests: { cold, warm } }: ChainResults): string {
  const rows = [
    ['a step, ms', stepMs.chain.toFixed(1), stepMs.bare.toFixed(1), ratio(stepMs.chain, stepMs.bare), '<= 1.1'],
    ['idle share of four GPUs, 144 frames of 500 ms', `${(100 * idleShare).toFixed(1)} %`, '', '', '< 3 %'],
    [
      'bundling a small module, s of processor time',
      bundling.chains.toFixed(2),
      bundling.sdk.toFixed(2),
      ratio(bundling.chains, bundling.sdk),
      '<= 1.5',
    ],
    [
      'first test of a process, imports included, ms',
      String(Math.round(warm.importMs + warm.firstMs)),
      '',
      '',
      '< 2000',
    ],
    ['the same of a module that has just changed, ms', String(Math.round(cold.importMs + cold.firstMs)), '', '', ''],
    ['each further test, ms', String(Math.round(warm.furtherMs)), '', '', ''],
  ];
  return [
    '| | chains | Temporal alone | ratio | must be |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n');
}

const ratio = (ours: number, theirs: number): string => (ours / theirs).toFixed(2);
