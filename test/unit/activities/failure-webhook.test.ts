import { createHmac } from 'node:crypto';

import { createFailureWebhook, type FailureWebhookDeps } from '../../../activities/failure-webhook.ts';
import type { FailureReport } from '../../../lib/contract/failure-report.ts';
import { jobView } from '../../../lib/jobs/view.ts';
import { createPostbackAgent } from '../../../lib/postback/agent.ts';
import { createPost } from '../../../lib/postback/post.ts';
import { aWebServer } from '../../support/a-web-server.ts';
import { runActivity } from '../../support/run-activity.ts';
import { secondsLater, theFacts } from '../lib/jobs/a-job.ts';

const agent = createPostbackAgent({ verifySsl: true });
afterAll(() => agent.close());

const failure = { type: 'CommandFailed', message: 'no such scene' };
const ended = { status: 'FAILED', state: 'failed', closeTime: secondsLater(17) } as const;
const aJob = (info: Parameters<typeof theFacts>[0] = { info: ended, history: { failure } }) =>
  jobView(theFacts(info), { uiUrl: null, namespace: 'default' });

const RUN: FailureReport = { version: 1, windowMs: 1, run: { workflowId: 'job/renders/chair-1', runId: '0197-run' } };
const workflowExecution = { workflowId: 'failure-webhook/0197-run', runId: '0198-run' };

const tell = (changes: Partial<FailureWebhookDeps>, report: FailureReport = RUN) =>
  runActivity(
    createFailureWebhook({
      url: undefined,
      showRun: async () => aJob(),
      post: createPost({ agent, allowPostbacks: [], followRedirects: false }),
      verifySsl: true,
      signingSecret: undefined,
      ...changes,
    }).tellFailure,
    report,
    { workflowExecution },
  );

test('the webhook gets the job in full, signed like a delivery', async () => {
  const server = await aWebServer({ status: 204 });
  const url = `${server.url.replace('//', '//shop:hush@')}/dqm-failures?key=hush`;
  expect(await tell({ url, signingSecret: 'secret' })).toBe(`${server.url}/dqm-failures`);
  const [request] = server.requests;
  expect(JSON.parse(String(request?.body))).toEqual(aJob());
  expect(request).toMatchObject({
    method: 'POST',
    path: '/dqm-failures?key=hush',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': 'failure-webhook/0197-run',
      'x-dqm-job-id': 'chair-1',
      'x-dqm-signature': `sha256=${createHmac('sha256', 'secret')
        .update(request?.body ?? '')
        .digest('hex')}`,
      authorization: `Basic ${Buffer.from('shop:hush').toString('base64')}`,
    },
  });
});

test('a rejected message is told of as it is', async () => {
  const server = await aWebServer({ status: 200 });
  const rejected = { ...aJob(), state: 'rejected' as const, job_id: null, workflow_id: null, run_id: null };
  await tell({ url: server.url }, { version: 1, windowMs: 1, rejected });
  expect(JSON.parse(String(server.requests[0]?.body))).toEqual(rejected);
  expect(server.requests[0]?.headers).not.toHaveProperty('x-dqm-job-id');
  expect(server.requests[0]?.headers).not.toHaveProperty('x-dqm-signature');
});

test('a run that has not closed is asked for again in a moment', async () => {
  const server = await aWebServer({ status: 200 });
  const showRun = async () => aJob({ info: { state: 'failed' } });
  await expect(tell({ url: server.url, showRun })).rejects.toMatchObject({ nonRetryable: false, nextRetryDelay: 200 });
  expect(server.requests).toEqual([]);
});

test.each([
  [503, false],
  [404, true],
])('an answer of %i is judged as a delivery is', async (status, nonRetryable) => {
  const { url } = await aWebServer({ status });
  await expect(tell({ url: `${url}/hook?key=hush` })).rejects.toMatchObject({
    nonRetryable,
    message: `failure_webhook at ${url}/hook answered ${status}`,
  });
});

test('an address that no delivery may call is not called', async () => {
  await expect(tell({ url: 'http://169.254.169.254/' })).rejects.toMatchObject({
    nonRetryable: true,
    message: expect.stringContaining('link-local') as string,
  });
});

test('a worker without a webhook sends nothing', async () => {
  expect(await tell({})).toBe('this job worker has no failure_webhook');
});
