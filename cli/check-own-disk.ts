import { errorText } from '../lib/log.ts';
import { connectClient, connectionOptions, namesEngine } from '../lib/temporal.ts';

import { UsageError, type Context } from './context.ts';
import { ownDiskOf, ownDiskRefusal } from './setup/own-disk.ts';

/** Rejects when job workers could not read what this render host stages. Asks the engine only where it may be so. */
export async function checkOwnDisk({ config, env, log }: Context): Promise<void> {
  // An engine of one's own has its job workers here.
  if (!namesEngine(config, env) || (await ownDiskOf(config.dqm)) === undefined) return;
  const refusal = await askEngine({ config, env }).catch((error: unknown) => {
    log.warn('The engine cannot be asked where job workers run', { reason: errorText(error) });
  });
  if (refusal !== undefined) throw new UsageError(`${config.file}: ${refusal}`);
}

async function askEngine({ config, env }: Pick<Context, 'config' | 'env'>): Promise<string | undefined> {
  const { client, close } = await connectClient(await connectionOptions(config, env));
  try {
    return await ownDiskRefusal(config, client);
  } finally {
    await close();
  }
}
