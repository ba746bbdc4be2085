import { basename } from 'node:path';

import type { Client } from '@temporalio/client';

import { startGateway } from '../../bridges/gateway.ts';
import { createApprovals } from '../../bridges/gateway/approvals.ts';
import { createOwnCommands } from '../../bridges/gateway/own-commands.ts';
import { createSubmit } from '../../bridges/gateway/submit.ts';
import { createSqs } from '../../lib/aws.ts';
import { errorText } from '../../lib/log.ts';
import { connectClient } from '../../lib/temporal.ts';
import { uiUrlOf } from '../ui-url.ts';

import { intakeOf } from './intake.ts';
import { messageRules } from './message-rules.ts';
import type { Shared } from './shared.ts';

/** `orNext`: when its port is taken the next free one will do. Gives where it listens, `host:port`. */
export async function openGateway(shared: Shared, { orNext }: { orNext: boolean }): Promise<string> {
  const { config, temporal, opened, store, log } = shared;
  const setReady = shared.readiness.part('gateway');
  const client = engineOf(shared);
  const sqs = createSqs(config.aws);
  opened.closes(() => sqs.destroy());
  const { submit, close } = createSubmit({
    queues: config.queues,
    // A caller is told which file to look at, not where it lies.
    rules: { ...messageRules(config), file: basename(config.file) },
    sqs,
    intake: () => Promise.resolve(intakeOf({ ...shared, client: client() }).intake),
  });
  opened.closes(close);
  const { signingSecret } = config.dqm;
  const { address, url, token, origins } = config.dqm.gateway;
  const gateway = await startGateway({
    address,
    orNext,
    realityServerUrl: config.dqm.realityServerUrls[0],
    guard: { origins, ...(token !== undefined && { token }), ...(url !== undefined && { url }) },
    run: createOwnCommands({
      client,
      queues: [...config.queues.keys()],
      uiUrl: await uiUrlOf(config, temporal.address),
      submit,
      log,
    }),
    ...(signingSecret !== undefined && { approvals: createApprovals({ client, store, signingSecret, log }) }),
    log,
  });
  opened.closes(() => gateway.close());
  setReady(true);
  return gateway.address;
}

/** What passes through, and what goes to a broker, needs no engine: nothing waits for it here. */
function engineOf({ temporal, opened, log }: Shared): () => Client {
  let client: Client | undefined;
  let reason = 'the engine has not been reached yet';
  void connectClient(temporal, { log, signal: opened.signal }).then(
    (connected) => {
      client = connected.client;
      opened.closes(connected.close);
    },
    (error: unknown) => {
      reason = errorText(error);
      if (!opened.signal.aborted) log.error('The engine refuses us: only what needs no engine works', { error });
    },
  );
  return () => {
    if (client === undefined) throw new Error(reason);
    return client;
  };
}
