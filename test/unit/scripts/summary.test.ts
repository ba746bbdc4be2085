import { runScript } from './run-script.ts';

const allGood = {
  numPassedTests: 12,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
};

test.each([
  [{}, '12 passed, 0 failed'],
  [{ numFailedTests: 2 }, '12 passed, 2 failed'],
  [{ numPendingTests: 1, numTodoTests: 2 }, '12 passed, 0 failed, 3 skipped'],
  [{ numRuntimeErrorTestSuites: 1 }, '12 passed, 1 failed'],
])('a run with %j ends with "%s"', async (difference, line) => {
  expect(await runScript('scripts/summary.mjs', 'summaryOf', { ...allGood, ...difference })).toBe(line);
});
