import { didYouMean, nearest } from '../lib/config/nearest.ts';

import { UsageError } from './context.ts';
import { SHELL_SCRIPTS, SHELLS } from './shell-scripts.ts';

/** `dqm completion SHELL`: the script that makes the shell ask `dqm` when a person presses Tab. */
export function completion(name: string): string {
  const shell = SHELLS.find((each) => each === name);
  if (shell) return SHELL_SCRIPTS[shell];
  throw new UsageError(
    `${name}: there is no script for it, but for ${SHELLS.join(', ')}${didYouMean(nearest(name, SHELLS))}`,
  );
}
