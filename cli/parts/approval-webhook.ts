import type { Dispatcher } from 'undici';

import { createApprovalWebhook, type ApprovalWebhookActivities } from '../../activities/approval-webhook.ts';
import type { Config } from '../../lib/config/config.ts';
import { createPost } from '../../lib/postback/post.ts';

/** Tells `approval_webhook`, by the connections of `agent`. */
export function approvalWebhook({ dqm, httpPost }: Config, agent: Dispatcher): ApprovalWebhookActivities {
  const { approvalWebhook: url, signingSecret, gateway } = dqm;
  const { followRedirects, verifySsl } = httpPost;
  return createApprovalWebhook({
    webhook:
      url === undefined || signingSecret === undefined || gateway.url === undefined
        ? undefined
        : { url, gatewayUrl: gateway.url, signingSecret },
    // `allow_postback` is for addresses that messages name; this one stands in the same file.
    post: createPost({ agent, allowPostbacks: [], followRedirects }),
    verifySsl,
  });
}
