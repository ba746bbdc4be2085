import { SendMessageCommand } from '@aws-sdk/client-sqs';

import { listJobs } from '../../../lib/jobs/list.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { dqm, killAll, startDqm } from '../../support/dqm-process.ts';
import { text } from '../../support/an-sqs-queue.ts';
import { until } from '../../support/until.ts';

let farm: Farm;

beforeAll(async () => {
  farm = await aFarm();
});

afterEach(killAll);
afterAll(() => farm?.close());

test('a rejected message that no target takes is shown, refused again with its reason, corrected and run', async () => {
  const config = farm.config('retry.conf', { listenQueue: 'renders', deadLetterUrl: `${farm.sqsUrl}-nowhere` });
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');
  const MessageAttributes = { dqm_job_id: text('chair-1') };
  await farm.sqs.send(
    new SendMessageCommand({ QueueUrl: farm.sqsUrl, MessageBody: '{"command":"echo"', MessageAttributes }),
  );
  await up.said('Message rejected');
  // The log is ahead of what lists jobs.
  await until(async () => (await listJobs(farm.engine.client, { state: 'rejected', limit: 1 })).length === 1);
  const listed = await dqm(['jobs', '--state', 'rejected', '--config', config, '--json']);
  const { workflow_id: id } = JSON.parse(listed.stdout) as { workflow_id: string };

  const again = await dqm(['retry', id, '--config', config, '--json']);
  expect(again.exitCode).toBe(1);
  expect(JSON.parse(again.stdout)).toEqual({
    workflow_id: id,
    outcome: 'rejected',
    job_workflow_id: null,
    task: null,
    reason: null,
    error: { type: 'BadMessage', message: expect.stringContaining('body: is not JSON') as string },
  });

  const corrected = ['retry', id, '--config', config, '--body', '-'];
  const { stdout, exitCode } = await dqm(corrected, { input: '{"command":"echo","parameters":{}}' });
  expect(stdout).toBe(`${id}: became job/renders/chair-1\n`);
  expect(exitCode).toBe(0);
  await farm.engine.client.workflow.getHandle('job/renders/chair-1').result();
  expect(await farm.engine.client.workflow.getHandle(id).result()).toBe('retried');

  const late = await dqm(['retry', id, '--config', config]);
  expect(late).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is settled already') as string });
});
