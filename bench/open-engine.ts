import type { Opened } from '../cli/process.ts';
import { environment } from '../lib/config/environment.ts';
import { findEngine } from '../lib/engine/binary.ts';
import { startEmbeddedEngine, type Engine } from '../lib/engine/embedded.ts';
import type { Log } from '../lib/log.ts';

/** An engine of this bench's own, on free ports, with a file database in `dataFolder`. */
export async function openEngine(dataFolder: string, { log, opened }: { log: Log; opened: Opened }): Promise<Engine> {
  const env = environment();
  const binary = await findEngine({ env, log });
  const engine = await startEmbeddedEngine({ binary, dataFolder, env, port: 0, uiPort: 0, namespace: 'default', log });
  opened.needs(engine);
  return engine;
}
