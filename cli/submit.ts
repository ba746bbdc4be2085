import { send, type SendDeps, type SubmitAttributes, type Submitted } from '../bridges/send.ts';
import { createSqs } from '../lib/aws.ts';
import type { QueueConfig } from '../lib/config/config.ts';

import type { Context } from './context.ts';
import { jsonLine, type Output } from './output/output.ts';
import { createProgressBar } from './output/progress-bar.ts';
import { queueNamed } from './queue-named.ts';
import { checkJobs, type CheckedJob } from './submit/check-jobs.ts';
import type { SubmitEngine } from './submit/engine.ts';
import { jobsOf } from './submit/jobs-of.ts';
import { parametersOf, withParameters } from './submit/parameters.ts';

export interface SubmitOptions {
  queue: string;
  param?: string[];
  jobId?: string;
  priority?: string;
  tenant?: string;
  wait?: boolean;
}

/**
 * `dqm submit`: one job, or a line each, all validated before any is sent. Prints message id and job id of each; with
 * `--wait` also how each ended, and exit code 1 when one did not complete.
 */
export async function submit(context: Context, file: string, options: SubmitOptions): Promise<void> {
  const { config, output } = context;
  const queue = queueNamed(config, options.queue);
  const parameters = parametersOf(options.param ?? []);
  const given = (await jobsOf(file)).map((job) => ({ ...job, body: withParameters(job.body, parameters) }));
  const jobs = checkJobs(given, context, options);

  const sqs = createSqs(config.aws);
  const closers: (() => unknown)[] = [() => sqs.destroy()];
  const engine = lazily(async () => (await import('./submit/engine.ts')).openSubmitEngine(context, closers));
  try {
    const untilEnded = options.wait && (await prepareWait(engine, queue, jobs));
    const intake = async () => (await engine()).intake;
    const sent = await sendAll(queue, jobs, attributesOf(options), output, { sqs, intake });
    if (untilEnded) await untilEnded(sent, output);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

/** Who only puts messages into a broker need not reach the engine, nor load its client. */
function lazily<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => (opened ??= open());
}

async function prepareWait(engine: () => Promise<SubmitEngine>, queue: QueueConfig, jobs: readonly CheckedJob[]) {
  const wait = await import('./submit/wait.ts');
  return wait.prepareWait(await engine(), queue.name, jobs);
}

const attributesOf = ({ jobId, priority, tenant }: SubmitOptions): SubmitAttributes => ({
  ...(jobId !== undefined && { dqm_job_id: jobId }),
  ...(priority !== undefined && { dqm_priority: priority }),
  ...(tenant !== undefined && { dqm_tenant: tenant }),
});

/** In their order. What was sent before one failed is sent: the error says where to go on. */
async function sendAll(
  queue: QueueConfig,
  jobs: readonly CheckedJob[],
  attributes: SubmitAttributes,
  output: Output,
  deps: SendDeps,
): Promise<Submitted[]> {
  const bar = createProgressBar('sending', jobs.length);
  const sent: Submitted[] = [];
  try {
    for await (const submitted of send(queue, eachOf(jobs), attributes, deps)) {
      sent.push(submitted);
      bar.end();
      output.write(submittedText(submitted, output));
      if (jobs.length > 1) bar.show(sent.length);
    }
  } catch (cause) {
    const next = jobs[sent.length];
    if (jobs.length === 1 || !next) throw cause;
    throw new Error(`${sent.length} of ${jobs.length} jobs were sent; not sent from ${next.place} on`, { cause });
  } finally {
    bar.end();
  }
  return sent;
}

const submittedText = ({ messageId, jobId }: Submitted, { json }: Output): string =>
  json ? jsonLine({ message_id: messageId, job_id: jobId }) : `message ${messageId}, job ${jobId}\n`;

async function* eachOf<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
