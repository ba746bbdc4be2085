import { readFileSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';

/** A test's or a file's own time-out, in milliseconds: `}, 120_000)` or `jest.setTimeout(60_000)`. */
const TIMEOUT = /(?:\}, |\bjest\.setTimeout\()([\d_]+)\)/g;

/** The most time that a test in this text gives itself; 0 when all are content with jest's own. */
function longestTimeoutMs(text) {
  return Math.max(0, ...Array.from(text.matchAll(TIMEOUT), ([, digits]) => Number(digits.replaceAll('_', ''))));
}

/**
 * A long file that begins last is waited for alone. Jest knows how long each took from an earlier run; a fresh clone has
 * none, and would go by the size of the files.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    if (sorted.every(({ duration }) => duration !== undefined)) return sorted;
    const timeouts = new Map(sorted.map(({ path }) => [path, longestTimeoutMs(readFileSync(path, 'utf8'))]));
    return sorted.toSorted((a, b) => timeouts.get(b.path) - timeouts.get(a.path));
  }
}
