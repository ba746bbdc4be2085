import { connectClient, connectionOptions } from '../lib/temporal.ts';

import type { Context } from './context.ts';
import type { Output } from './output/output.ts';
import { rememberIds } from './recent-ids.ts';
import { uiUrlOf } from './ui-url.ts';

/** What a command that only asks or tells the engine is given. */
export interface ClientDeps {
  client: Awaited<ReturnType<typeof connectClient>>['client'];
  namespace: string;
  /** Names of the configured queues. */
  queues: string[];
  /** Of Temporal's UI; `null` where nobody said which. */
  uiUrl: string | null;
  output: Output;
  /** Ids that were shown, for the shell to complete. */
  remember(ids: readonly string[]): void;
  now: number;
}

/** One attempt to connect: a person waits for the answer. */
export async function withClient(context: Context, run: (deps: ClientDeps) => Promise<void>): Promise<void> {
  const { config, env, output } = context;
  const temporal = await connectionOptions(config, env);
  const { client, close } = await connectClient(temporal);
  try {
    await run({
      client,
      namespace: temporal.namespace,
      queues: [...config.queues.keys()],
      uiUrl: await uiUrlOf(config, temporal.address),
      output,
      remember: (ids) => rememberIds(config.dqm.dataFolder, ids),
      now: Date.now(),
    });
  } finally {
    await close();
  }
}
