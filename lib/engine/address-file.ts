import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { removeFile } from '../files.ts';
import { readJsonFile } from '../json-file.ts';
import { accepts } from '../servers/ports.ts';

/** What a running embedded engine leaves in its data folder, where other commands look. */
export type EngineAddress = z.output<typeof EngineAddress>;
const EngineAddress = z.object({
  address: z.string(),
  uiUrl: z.string(),
  namespace: z.string(),
  pid: z.number().int(),
});

const fileIn = (dataFolder: string): string => join(dataFolder, 'engine.json');

/** Undefined when none runs there: what a killed one left names a process that is gone, or an address where nobody is. */
export async function runningEngine(dataFolder: string): Promise<EngineAddress | undefined> {
  const parsed = EngineAddress.safeParse((await readJsonFile(fileIn(dataFolder)))?.value);
  if (!parsed.success || !isAlive(parsed.data.pid)) return undefined;
  // After a restart, in a container above all, another process may have that number.
  return (await accepts(parsed.data.address)) ? parsed.data : undefined;
}

/** In one step: nobody reads half of it. */
export async function rememberEngine(dataFolder: string, engine: EngineAddress): Promise<void> {
  const draft = `${fileIn(dataFolder)}.${engine.pid}`;
  await writeFile(draft, `${JSON.stringify(engine)}\n`);
  await rename(draft, fileIn(dataFolder));
}

export const forgetEngine = (dataFolder: string): Promise<void> => removeFile(fileIn(dataFolder));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, under another user
  }
}
