import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';

import { listJobs } from '../../../lib/jobs/list.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { dqm, killAll, startDqm } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

let farm: Farm;
let config: string;
beforeAll(async () => {
  farm = await aFarm();
  config = farm.config('realityserver.conf', { listenQueue: 'renders' });
});
afterAll(async () => {
  await killAll();
  await farm?.close();
});

const run = (args: readonly string[], input = '') => dqm([...args, '--config', config], { input });
const ended = (id: string) =>
  farm.engine.client.workflow
    .getHandle(`job/renders/${id}`)
    .result()
    .catch(() => undefined);

async function messagesLeft(): Promise<number> {
  const { Attributes = {} } = await farm.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: farm.sqsUrl, AttributeNames: ['All'] }),
  );
  return (
    Number(Attributes['ApproximateNumberOfMessages']) + Number(Attributes['ApproximateNumberOfMessagesNotVisible'])
  );
}

test('a completed job rendered anew runs once more, and its dead letter that is redriven beside it is a duplicate', async () => {
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');
  const bucket = `${farm.bucket}-closed`;
  const tasks = [{ name: 's3_upload', config: { bucket, key: '${job_id}.${mime_ext}' } }];
  const job = { command: 'render_product', parameters: { width: 64 }, tasks };
  await run(['submit', '--queue', 'renders', '--job-id', 'chair-1', '-'], JSON.stringify(job));
  await until(async () => (await listJobs(farm.engine.client, { state: 'failed', limit: 1 })).length === 1);
  await ended('chair-1');
  await farm.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await run(['retry', 'chair-1']);
  await ended('chair-1');
  expect(await farm.calls('render_product')).toHaveLength(1);

  const [rendered, redriven] = await Promise.all([
    run(['retry', 'chair-1', '--render']),
    run(['dead-letters', '--queue', 'renders', '--redrive', '--json']),
  ]);
  expect(rendered).toMatchObject({ exitCode: 0, stdout: 'chair-1: renders anew\n' });
  expect(JSON.parse(redriven.stdout)).toMatchObject({ job_id: 'chair-1', outcome: 'redriven' });

  await ended('chair-1');
  await until(async () => (await messagesLeft()) === 0);
  expect(await farm.calls('render_product')).toHaveLength(2);
  // Failed, delivered from the staged bytes, rendered anew: the dead letter started no run.
  const runs = await until(async () => {
    const { count } = await farm.engine.client.workflow.count(`WorkflowId = 'job/renders/chair-1'`);
    return count >= 3 && count;
  });
  expect(runs).toBe(3);
  expect((await run(['dead-letters', '--queue', 'renders'])).stdout).toMatch(/^No dead letters in /);
});
