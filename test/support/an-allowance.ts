import { createAllowance, type Allowance, type AllowanceDeps } from '../../bridges/allowance/allowance.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Farm } from '../../bridges/allowance/farm.ts';

import { silentLog } from './silent-log.ts';

/** One without a limit, of a queue that is not paused, unless a test says otherwise. */
export function anAllowance({
  farm,
  ...changes
}: Partial<Omit<AllowanceDeps, 'farm'>> & { farm?: Partial<Farm> } = {}): Allowance {
  return createAllowance({
    queue: 'renders',
    maxWaitingJobs: 'unlimited',
    clock: systemClock,
    log: silentLog,
    ...changes,
    farm: {
      gpuQueue: async () => ({ waiting: 0, dispatchRate: 0, paused: null }),
      slots: async () => ({ ready: 1, idle: 1 }),
      workflowTasks: async () => 0,
      unfinishedCommands: async () => 0,
      bridges: async () => 1,
      ...farm,
    },
  });
}
