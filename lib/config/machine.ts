import { homedir, hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What is read from the machine, not from the file. */
export interface Machine {
  hostName: string;
  /** Undefined when this user has no folder of its own. */
  dataFolder: string | undefined;
}

const ROOT = 0;

/** Data folder: `/var/lib/dqm` for root, else one of the user's own (XDG: a relative `XDG_DATA_HOME` is ignored). */
export function thisMachine(env: NodeJS.ProcessEnv, userId: number | undefined = process.getuid?.()): Machine {
  return { hostName: hostname(), dataFolder: userId === ROOT ? '/var/lib/dqm' : userFolder(env) };
}

function userFolder(env: NodeJS.ProcessEnv): string | undefined {
  const xdg = env['XDG_DATA_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'dqm');
  try {
    return join(env['HOME'] || homedir(), '.local', 'share', 'dqm');
  } catch {
    // A user that the system does not know, without HOME.
    return undefined;
  }
}
