import { readFileSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';

/** A test's or a file's own time-out, in milliseconds: `}, 120_000)` or `jest.setTimeout(60_000)`. */
const TIMEOUT = /(?:\}, |\bjest\.setTimeout\()([\d_]+)\)/g;

/** What most tests with servers may take; those without are quick. */
const WITH_SERVERS_MS = 60_000;

/** The most time that a test of this file may take, as far as the file and its project tell. */
function longestMs({ path, context }) {
  const own = Array.from(readFileSync(path, 'utf8').matchAll(TIMEOUT), ([, digits]) =>
    Number(digits.replaceAll('_', '')),
  );
  return Math.max(context.config.globalSetup ? WITH_SERVERS_MS : 0, ...own);
}

/**
 * A long file that begins last is waited for alone. Jest knows how long each took from an earlier run; a fresh clone has
 * none, and would go by the size of the files.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    if (sorted.every(({ duration }) => duration !== undefined)) return sorted;
    const longest = new Map(sorted.map((test) => [test, longestMs(test)]));
    return sorted.toSorted((a, b) => longest.get(b) - longest.get(a));
  }
}
