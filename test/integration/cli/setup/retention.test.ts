import { forgottenTooSoon } from '../../../../cli/setup/retention.ts';
import type { SqsQueueConfig } from '../../../../lib/config/config.ts';
import { anSqsClient, anSqsQueue } from '../../../support/an-sqs-queue.ts';
import { silentLog } from '../../../support/silent-log.ts';

const sqs = anSqsClient();
const DAY = 86_400;

async function aQueue(days: number, deadDays: number): Promise<SqsQueueConfig> {
  const dead = await anSqsQueue(sqs, { MessageRetentionPeriod: String(deadDays * DAY) });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 5 });
  const { url } = await anSqsQueue(sqs, { MessageRetentionPeriod: String(days * DAY), RedrivePolicy });
  return { kind: 'sqs', name: 'renders', url, acknowledge: 'on_start', maxWaitingJobs: 'auto' };
}

test.each([
  ['the queue', 4, 1],
  ['its dead-letter queue', 1, 4],
])('messages that %s keeps for longer than the engine keeps jobs are warned of', async (_which, days, deadDays) => {
  const queue = await aQueue(days, deadDays);
  expect(await forgottenTooSoon(queue, 3, { sqs, log: silentLog })).toBe(
    "SQS keeps messages for 4 days, the engine jobs that have ended for 3: one that comes after that runs again; set the namespace's retention to 4 days or more",
  );
  expect(await forgottenTooSoon(queue, 4, { sqs, log: silentLog })).toBeUndefined();
});
