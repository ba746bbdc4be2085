import { readFile } from 'node:fs/promises';

import { lookAtAmqp } from '../bridges/amqp/look.ts';
import { lookAtSqs } from '../bridges/sqs/look.ts';
import { LookRefused, type Looked, type LookOptions } from '../bridges/look.ts';
import { createSqs } from '../lib/aws.ts';
import type { QueueConfig } from '../lib/config/config.ts';
import { errorText } from '../lib/log.ts';

import { checkCompletions } from './check-completions.ts';
import { checkOwnDisk } from './check-own-disk.ts';
import { UsageError, type Context } from './context.ts';
import { EXIT_FAILED } from './exit.ts';
import { createJudge, writeJudgement, type Judgement } from './judge.ts';
import { jsonLine } from './output/output.ts';
import { queueNamed } from './queue-named.ts';

export interface CheckOptions {
  queue?: string;
  /** Looks at so many waiting messages. */
  limit?: string;
  force?: boolean;
  /** A folder of exported histories. */
  replay?: string;
}

/**
 * `dqm check`: the configuration was read to get here; then message files, or waiting messages of a queue, as intake would
 * judge them. Exit code 1 when one would be rejected.
 */
export async function check(context: Context, files: readonly string[], options: CheckOptions): Promise<void> {
  const { config, output } = context;
  const { queue: name, limit } = options;
  const queue = name === undefined ? (config.listenQueue ?? 'none') : queueNamed(config, name).name;
  if (options.replay !== undefined) {
    if (files.length > 0) throw new UsageError('either message files, or histories with --replay, not both');
    // The worker's native part takes long to load.
    return (await import('./check-replay.ts')).checkReplay(context, options.replay);
  }
  if (limit !== undefined) return checkWaiting(context, files, options);
  if (options.force) throw new UsageError('--force is for a look at waiting messages: --queue NAME --limit N');
  await checkCompletions(context);
  await checkOwnDisk(context);
  // Also without files: mistakes of the modules that it names are mistakes of the configuration.
  const judge = createJudge(config);
  if (files.length === 0) {
    output.write(output.json ? jsonLine({ file: config.file, outcome: 'accepted' }) : `${config.file}: no mistakes\n`);
    return;
  }
  for (const file of files) {
    const body = await readFile(file).catch((error: unknown) => {
      throw new UsageError(`cannot read ${file}: ${errorText(error)}`);
    });
    const message = { queue, body, messageId: null, attributes: {}, envelope: { transport: 'direct' as const } };
    tell(context, { file }, judge(message));
  }
}

/** More would stay out of everybody's sight for too long. */
const MOST_MESSAGES = 1_000;

async function checkWaiting(
  context: Context,
  files: readonly string[],
  { queue: name, limit = '', force = false }: CheckOptions,
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
    tell(context, { message_id: message.messageId }, judgement);
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

function tell({ output }: Context, subject: Record<string, string | null>, judgement: Judgement): void {
  writeJudgement(output, subject, judgement);
  if (judgement.outcome === 'rejected') process.exitCode = EXIT_FAILED;
}

function summary(judgements: readonly Judgement[], stopped: string | undefined): string {
  const rejected = judgements.filter(({ outcome }) => outcome === 'rejected').length;
  const end = stopped === undefined ? '' : `Stopped there: ${stopped}.\n`;
  return `Looked at ${judgements.length} waiting messages, ${rejected} would be rejected; all are still there.\n${end}`;
}
