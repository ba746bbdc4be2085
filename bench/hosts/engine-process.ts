import { readFileSync } from 'node:fs';

import { runningEngine } from '../../lib/engine/address-file.ts';

/** The engine's own process: a shell watches over it. */
export async function enginePid(dataFolder: string): Promise<number> {
  const keeper = (await runningEngine(dataFolder))?.pid;
  const children = readFileSync(`/proc/${keeper}/task/${keeper}/children`, 'utf8').trim().split(' ');
  const pid = children.find((child) => readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('temporal'));
  if (pid === undefined) throw new Error('the engine has no process');
  return Number(pid);
}
