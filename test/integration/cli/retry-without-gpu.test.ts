import { CreateBucketCommand } from '@aws-sdk/client-s3';

import { listJobs } from '../../../lib/jobs/list.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

let farm: Farm;
let config: string;
let up: DqmProcess;

beforeAll(async () => {
  farm = await aFarm();
  config = farm.config('up.conf');
  up = startDqm(['up', '--config', config]);
  await up.said('Up');
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const run = (...args: string[]) => dqm([...args, '--config', config]);

test('a delivery that failed is repeated without a GPU second, once its bucket is there', async () => {
  const bucket = `${farm.bucket}-late`;
  const tasks = [
    { name: 's3_upload', config: { bucket, key: '${job_id}.${mime_ext}' } },
    { name: 'http_post', config: { postback_uri: `${farm.postbackUrl}\${job_id}` } },
  ];
  const body = JSON.stringify({ command: 'render_product', parameters: { width: 64 }, tasks });
  await dqm(['submit', '--config', config, '--queue', 'local', '--job-id', 'chair-1', '-'], { input: body });
  const job = farm.engine.client.workflow.getHandle('job/local/chair-1');
  await job.result().catch(() => undefined);

  await until(async () => (await listJobs(farm.engine.client, { state: 'failed', limit: 1 })).length === 1);
  const failed = await run('jobs', '--state', 'failed');
  expect(failed.stdout).toMatch(/^1 failed: TaskRejected, render_product on gpu-01, newest \d\d:\d\d\n/);

  await farm.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const { stdout, exitCode } = await run('retry', 'chair-1');
  expect(stdout).toMatch(/^chair-1: goes on with s3_upload, without a GPU/);
  expect(exitCode).toBe(0);
  await farm.engine.client.workflow.getHandle('job/local/chair-1').result();
  expect(farm.posts.map(({ path }) => path)).toEqual(['/chair-1']);
  expect(await farm.calls('render_product')).toHaveLength(1);
});

test('a completed job is rendered anew when --render says so', async () => {
  const before = (await farm.calls('render_product')).length;
  expect((await run('retry', 'chair-1')).exitCode).toBe(1);
  expect((await run('retry', 'chair-1', '--render')).stdout).toBe('chair-1: renders anew\n');
  await farm.engine.client.workflow.getHandle('job/local/chair-1').result();
  expect(await farm.calls('render_product')).toHaveLength(before + 1);
});
