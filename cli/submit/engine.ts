import type { Client } from '@temporalio/client';

import type { Intake } from '../../bridges/intake/intake.ts';
import { createS3 } from '../../lib/aws.ts';
import type { UiPlace } from '../../lib/jobs/row.ts';
import { createResultStore } from '../../lib/results/open-store.ts';
import { connectClient, connectionOptions } from '../../lib/temporal.ts';
import type { Context } from '../context.ts';
import { intakeOf } from '../parts/intake.ts';
import { uiUrlOf } from '../ui-url.ts';

/** What a submit needs of the engine: to start jobs of a queue without a broker, and to see how jobs end. */
export interface SubmitEngine {
  client: Client;
  intake: Intake;
  ui: UiPlace;
}

/** One attempt to connect: a person waits. What it opens is closed by `closers`. */
export async function openSubmitEngine(context: Context, closers: (() => unknown)[]): Promise<SubmitEngine> {
  const { config, env, log } = context;
  const temporal = await connectionOptions(config, env);
  const { client, close } = await connectClient(temporal);
  const s3 = createS3(config.aws);
  closers.push(close, () => s3.destroy());
  const store = createResultStore(config.dqm.resultStore, { s3 });
  return {
    client,
    intake: intakeOf({ client, config, store, log }).intake,
    ui: { uiUrl: await uiUrlOf(config, temporal.address), namespace: temporal.namespace },
  };
}
