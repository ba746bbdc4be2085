import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

import { sqsDeadLetterUrl } from '../../bridges/sqs/dead-letter.ts';
import type { SqsQueueConfig } from '../../lib/config/config.ts';
import type { Log } from '../../lib/log.ts';

const DAY_SECONDS = 86_400;
const LOOK_LIMIT_MS = 10_000;

/**
 * What is to be said of a queue when its messages, or its dead letters, may come again after the engine has forgotten
 * their jobs; undefined when they cannot. `keptDays`: how long the engine keeps closed jobs.
 */
export async function forgottenTooSoon(
  queue: SqsQueueConfig,
  keptDays: number,
  { sqs, log }: { sqs: SQSClient; log: Log },
): Promise<string | undefined> {
  const deadLetterUrl = await sqsDeadLetterUrl(sqs, queue, log, AbortSignal.timeout(LOOK_LIMIT_MS));
  const urls = [queue.url, ...(deadLetterUrl === undefined ? [] : [deadLetterUrl])];
  const longest = Math.max(...(await Promise.all(urls.map((url) => retentionDays(sqs, url)))));
  if (longest <= keptDays) return undefined;
  const days = Number(longest.toFixed(1));
  return `SQS keeps messages for ${days} days, the engine jobs that have ended for ${keptDays}: one that comes after that runs again; set the namespace's retention to ${Math.ceil(longest)} days or more`;
}

async function retentionDays(sqs: SQSClient, url: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['MessageRetentionPeriod'] });
  return Number((await sqs.send(command)).Attributes?.MessageRetentionPeriod ?? 0) / DAY_SECONDS;
}
