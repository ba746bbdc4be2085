import { createHmac } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

import { createApprovalWebhook } from '../../../activities/approval-webhook.ts';
import { readApprovalToken } from '../../../lib/approvals/token.ts';
import type { PostRequest } from '../../../lib/postback/post.ts';
import { aStagedResult } from '../../support/a-job-input.ts';
import { runActivity } from '../../support/run-activity.ts';

const ASKED = Date.parse('2026-03-01T12:00:00Z');
const request = {
  jobId: 'chair-1',
  queue: 'renders',
  command: 'turntable',
  open: {
    approval: 'art director',
    who: 'art director',
    askedMs: ASKED,
    deadlineMs: ASKED + 3_600_000,
    preview: aStagedResult(),
  },
};
const webhook = {
  url: 'https://review.example/dqm?key=1',
  gatewayUrl: 'https://render.example',
  signingSecret: 'secret',
};
const workflowExecution = { workflowId: 'job/renders/chair-1', runId: 'r' };

test('the approval webhook gets who is asked, the preview, and a link that decides this asking', async () => {
  let posted: PostRequest | undefined;
  const { askForApproval } = createApprovalWebhook({
    webhook,
    verifySsl: true,
    post: (each) => ((posted = each), Promise.resolve({ status: 204, retryAfter: undefined })),
  });
  expect(await runActivity(askForApproval, request, { workflowExecution })).toBe('https://review.example/dqm');
  const body = await buffer(await (posted as PostRequest).body());
  const told = JSON.parse(body.toString()) as { page_url: string; preview: object };
  expect(told).toMatchObject({ job_id: 'chair-1', who: 'art director', expires: '2026-03-01T13:00:00.000Z' });
  expect(told.preview).toMatchObject({ mime_type: 'image/png' });
  const token = told.page_url.replace('https://render.example/dqm/approvals/', '');
  expect(readApprovalToken(token, 'secret', ASKED)).toMatchObject({
    link: { workflowId: 'job/renders/chair-1', approval: 'art director', askedMs: ASKED },
  });
  const signature = createHmac('sha256', 'secret').update(body).digest('hex');
  expect(posted?.headers).toMatchObject({ 'x-dqm-signature': `sha256=${signature}` });
});

test.each([
  [503, false],
  [403, true],
])('a web server that answers %i is asked again: final %s', async (status, nonRetryable) => {
  const post = () => Promise.resolve({ status, retryAfter: undefined });
  const { askForApproval } = createApprovalWebhook({ webhook, verifySsl: true, post });
  const error = await runActivity(askForApproval, request, { workflowExecution }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ nonRetryable, message: expect.not.stringContaining('key=1') as string });
});
