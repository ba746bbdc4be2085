import { lookAtAmqp } from '../bridges/amqp/look.ts';
import { LookRefused, type Looked, type LookOptions } from '../bridges/look.ts';
import { lookAtSqs } from '../bridges/sqs/look.ts';
import { createSqs } from '../lib/aws.ts';
import type { QueueConfig } from '../lib/config/config.ts';

import { UsageError, type Context } from './context.ts';
import { createJudge, tell, type Judgement } from './judge.ts';
import { queueNamed } from './queue-named.ts';

export interface WaitingOptions {
  queue?: string;
  /** Looks at so many waiting messages. */
  limit?: string;
  force?: boolean;
}

/** More would stay out of everybody's sight for too long. */
const MOST_MESSAGES = 1_000;

/** `dqm check --limit N`: messages that wait in a queue, as intake would judge them. */
export async function checkWaiting(
  context: Context,
  files: readonly string[],
  { queue: name, limit = '', force = false }: WaitingOptions,
): Promise<void> {
  const { config, output } = context;
  const most = Number(limit);
  if (name === undefined)
    throw new UsageError('--limit N looks at waiting messages: say of which queue with --queue NAME');
  if (files.length > 0) throw new UsageError('either message files, or waiting messages with --limit, not both');
  if (!Number.isInteger(most) || most < 1 || most > MOST_MESSAGES)
    throw new UsageError(`--limit ${limit}: a whole number from 1 to ${MOST_MESSAGES} is needed`);
  const { messages, stopped } = await lookAt(queueNamed(config, name), context, { limit: most, force });
  const judge = createJudge(config);
  const judgements = messages.map((message) => {
    const judgement = judge(message);
    tell(output, { message_id: message.messageId }, judgement);
    return judgement;
  });
  if (!output.json) output.write(summary(judgements, stopped));
  else if (stopped !== undefined) context.log.warn('Stopped looking', { queue: name, reason: stopped });
}

async function lookAt(queue: QueueConfig, { config }: Context, options: LookOptions): Promise<Looked> {
  const sqs = createSqs(config.aws);
  try {
    switch (queue.kind) {
      case 'sqs':
        return await lookAtSqs(queue, sqs, options);
      case 'amqp':
        return await lookAtAmqp(queue, options);
      case 'direct':
        throw new UsageError(`queue ${queue.name} has no broker: no message waits there`);
      default:
        return queue satisfies never;
    }
  } catch (error) {
    throw error instanceof LookRefused ? new UsageError(error.message) : error;
  } finally {
    sqs.destroy();
  }
}

function summary(judgements: readonly Judgement[], stopped: string | undefined): string {
  const rejected = judgements.filter(({ outcome }) => outcome === 'rejected').length;
  const end = stopped === undefined ? '' : `Stopped there: ${stopped}.\n`;
  return `Looked at ${judgements.length} waiting messages, ${rejected} would be rejected; all are still there.\n${end}`;
}
