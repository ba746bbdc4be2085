import type { Dispatcher } from 'undici';

import { createFailureWebhook, type FailureWebhookActivities } from '../../activities/failure-webhook.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { createPost } from '../../lib/postback/post.ts';
import { connectClient } from '../../lib/temporal.ts';
import { uiUrlOf } from '../ui-url.ts';

import type { Shared } from './shared.ts';

/** Tells `failure_webhook`, by the connections of `agent`. */
export async function openFailureWebhook(
  { config, temporal, opened, log }: Shared,
  agent: Dispatcher,
): Promise<FailureWebhookActivities> {
  const { client, close } = await connectClient(temporal, { log, signal: opened.signal });
  opened.closes(close);
  const ui = { uiUrl: await uiUrlOf(config, temporal.address), namespace: temporal.namespace };
  const { followRedirects, verifySsl } = config.httpPost;
  return createFailureWebhook({
    url: config.dqm.failureWebhook,
    showRun: ({ workflowId, runId }) => showJob(client, workflowId, ui, runId),
    // `allow_postback` is for addresses that messages name; this one stands in the same file.
    post: createPost({ agent, allowPostbacks: [], followRedirects }),
    verifySsl,
    signingSecret: config.dqm.signingSecret,
  });
}
