import type { TaskActivities } from '../activities/tasks/index.ts';
import type { Metrics } from '../lib/metrics.ts';

/** The same activities, each attempt counted by how it ended. */
export function countTasks(activities: TaskActivities, { tasks }: Metrics): TaskActivities {
  const counted = Object.entries(activities).map(([task, run]) => [
    task,
    async (input: Parameters<typeof run>[0]) => {
      let outcome = 'failed';
      try {
        const result = await run(input);
        outcome = 'completed';
        return result;
      } finally {
        tasks.inc({ task, outcome });
      }
    },
  ]);
  return Object.fromEntries(counted) as TaskActivities;
}
