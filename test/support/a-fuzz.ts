export { createFuzz as aFuzz, type Fuzz } from '../../bench/fuzz.ts';

/** How many of a fuzz test: a few in every run, all with `DQM_FUZZ=full`. */
export const fuzzRuns = ({ few, full }: { few: number; full: number }): number =>
  process.env['DQM_FUZZ'] === 'full' ? full : few;
