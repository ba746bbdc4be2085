import type { JobInput } from '../../lib/contract/job-input.ts';
import type { ChainSettings } from '../../activities/chain.ts';

import type { Approvals } from './approvals.ts';
import type { ChainPage } from './page.ts';
import type { Steps } from './steps.ts';

/** The chain that this workflow runs, as the calls of the kit see it. */
export interface RunningChain {
  input: JobInput;
  settings: ChainSettings;
  steps: Steps;
  page: ChainPage;
  approvals: Approvals;
  /** Milliseconds of the engine's clock. */
  engineNow(): number;
}

// Each workflow has modules of its own.
let running: RunningChain | undefined;

export const setRunningChain = (chain: RunningChain): void => void (running = chain);

export function runningChain(call: string): RunningChain {
  if (!running) throw new Error(`${call} works inside a running chain only, not at the top level of its module`);
  return running;
}
