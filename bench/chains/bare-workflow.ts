import { proxyActivities } from '@temporalio/workflow';

import type { CommandActivities } from '../../activities/command.ts';
import type { JobLimits } from '../../lib/contract/job-input.ts';
import { commandPolicy } from '../../workflows/policies.ts';

/** What the chain `steps` does, without the kit: the same activity, one after the other, on the same hosts. */
export async function bare(queue: string, limits: JobLimits, steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    const parameters = JSON.stringify({ step });
    const { runCommand } = proxyActivities<CommandActivities>({ ...commandPolicy(queue, limits), summary: 'echo' });
    const common = { queue, jobQueue: queue, occurrence: 0, generation: 0, limits, mayBeStaged: false };
    await runCommand({ ...common, command: 'echo', parameters });
  }
}
