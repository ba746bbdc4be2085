import { runningChain } from './current.ts';

/** What people see of the chain while it runs: percent from 0 to 100, and a note. */
export function progress(percent: number, note?: string): void {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`progress is ${percent}, must be from 0 to 100`);
  runningChain('progress').page.progress(percent, note);
}
