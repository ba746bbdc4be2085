import { hostsWanted } from '../../../lib/queue-metrics.ts';

test.each<[jobs: number, secondsEach: number, wanted: number]>([
  [0, 30, 0],
  [1, 0, 1],
  [1, 7_200, 1],
  [100, 0, 1],
  [100, 30, 5],
  [100, 31, 6],
  [3, 900, 3],
])('%i jobs of %i s on the GPU want %i hosts', (jobs, secondsEach, wanted) => {
  expect(hostsWanted(jobs, secondsEach)).toBe(wanted);
});
