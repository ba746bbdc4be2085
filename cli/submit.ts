import { send, type SubmitAttributes } from '../bridges/send.ts';
import { createS3, createSqs } from '../lib/aws.ts';
import { readMessage } from '../lib/contract/job-message.ts';
import { createResultStore } from '../lib/results/open-store.ts';
import { connectClient, connectionOptions } from '../lib/temporal.ts';

import { UsageError, type Context } from './context.ts';
import { jsonLine } from './output/output.ts';
import { queueNamed } from './parts/bridges.ts';
import { intakeOf, messageRules } from './parts/intake.ts';
import { readInput } from './read-input.ts';

export interface SubmitOptions {
  queue: string;
  jobId?: string;
  priority?: string;
  tenant?: string;
}

/** `dqm submit`: one job, or a line each, validated before any is sent. Prints message id and job id of each. */
export async function submit(context: Context, file: string, options: SubmitOptions): Promise<void> {
  const { config, output } = context;
  const queue = queueNamed(config, options.queue);
  const attributes: SubmitAttributes = {
    ...(options.jobId !== undefined && { dqm_job_id: options.jobId }),
    ...(options.priority !== undefined && { dqm_priority: options.priority }),
    ...(options.tenant !== undefined && { dqm_tenant: options.tenant }),
  };
  const bodies = bodiesOf(await readInput(file));
  if (options.jobId !== undefined && bodies.length > 1)
    throw new UsageError('--job-id names one job, and there are several');
  const checked = bodies.map((body, index) => ({ body, jobId: checkedJobId(body, index, context, options) }));

  const sqs = createSqs(config.aws);
  const closers: (() => unknown)[] = [() => sqs.destroy()];
  try {
    const intake = () => openIntake(context, closers);
    for await (const { messageId, jobId } of send(queue, asyncOf(checked), attributes, { sqs, intake })) {
      output.write(
        output.json ? jsonLine({ message_id: messageId, job_id: jobId }) : `message ${messageId}, job ${jobId}\n`,
      );
    }
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

async function openIntake({ config, env, log }: Context, closers: (() => unknown)[]) {
  const { client, close } = await connectClient(await connectionOptions(config, env));
  const s3 = createS3(config.aws);
  closers.push(close, () => s3.destroy());
  const store = createResultStore(config.dqm.resultStore, { s3 });
  return intakeOf({ client, config, store, log }).intake;
}

/** A whole JSON document is one job; otherwise each line is one. Bytes stay as they are. */
function bodiesOf(input: Buffer): Buffer[] {
  const text = input.toString();
  try {
    JSON.parse(text);
    return [input];
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.length > 1 ? lines.map((line) => Buffer.from(line)) : [input];
  }
}

/** The job id of the body, which wins; fails with what intake would say. */
function checkedJobId(body: Buffer, index: number, { config }: Context, options: SubmitOptions): string | undefined {
  const { queue, jobId, priority, tenant } = options;
  const read = readMessage(
    { queue, body, messageId: null, attributes: { jobId, priority, tenant }, envelope: { transport: 'direct' } },
    messageRules(config),
  );
  if ('rejected' in read) throw new UsageError(`job ${index + 1}: ${read.rejected.type}: ${read.rejected.reason}`);
  return read.job.jobId;
}

async function* asyncOf<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
