import { existsSync } from 'node:fs';

import { isLarge } from '../bridges/intake/body-store.ts';
import { limitsOf } from '../bridges/intake/intake.ts';
import type { RejectedMessageDeps } from '../bridges/dead-letters/rejected-message.ts';
import { createS3 } from '../lib/aws.ts';
import { inParallel } from '../lib/in-parallel.ts';
import type { RetryDeps } from '../lib/jobs/retry.ts';
import { createResultStore } from '../lib/results/open-store.ts';

import { terminalAsking } from './confirm.ts';
import { UsageError, type Context } from './context.ts';
import { EXIT_FAILED } from './exit.ts';
import { jsonLine } from './output/output.ts';
import { createProgressBar } from './output/progress-bar.ts';
import { plainText } from './output/text.ts';
import { intakeOf } from './parts/intake.ts';
import { messageRules } from './parts/message-rules.ts';
import { checkPick, mayGoOn, pickJobs, wouldLine, type PickOptions } from './pick-jobs.ts';
import { checkReadable, readInput } from './read-input.ts';
import { retryEndedJob } from './retry/job.ts';
import { retryHeldMessage } from './retry/rejected.ts';
import type { ClientDeps } from './with-client.ts';

export interface RetryOptions extends PickOptions {
  render?: boolean;
  /** A file, or `-` for standard input. */
  body?: string;
}

/** An engine takes hundreds of starts a second; more at once would crowd out its work. */
const AT_ONCE = 16;

/**
 * `dqm retry`: failed jobs go on, rejected messages go through intake again. Exit code 1 when one could not be retried,
 * or one that was named had nothing to retry.
 */
export async function retry(
  ids: readonly string[],
  options: RetryOptions,
  deps: ClientDeps,
  context: Pick<Context, 'config' | 'log'>,
  asking = terminalAsking(),
): Promise<void> {
  const { output } = deps;
  const picked = await pickJobs(ids, options, ['failed'], deps);
  if (options.body !== undefined && picked.length !== 1) throw new UsageError(CORRECTS_ONE);
  const body = options.body === undefined ? undefined : await readInput(options.body);
  if (picked.length === 0 && !output.json) output.write('No such jobs: nothing to retry.\n');
  if (options.dryRun) return output.write(picked.map((one) => wouldLine('retry', one, output)).join(''));
  if (!(await mayGoOn(`retry ${picked.length} jobs`, picked.length, options, asking))) return;

  const s3 = createS3(context.config.aws);
  const bar = createProgressBar('retrying', picked.length);
  try {
    const retryDeps = retryDepsOf(deps, context, s3);
    const jobOptions = { render: options.render ?? false, ...(body && { body }) };
    let done = 0;
    await inParallel(picked, AT_ONCE, async ({ workflowId, name }) => {
      const { line, sentence, isDone } = workflowId.startsWith('rejected/')
        ? await retryHeldMessage(workflowId, body, retryDeps)
        : await retryEndedJob(workflowId, jobOptions, ids.length > 0, retryDeps);
      if (!isDone) process.exitCode = EXIT_FAILED;
      bar.end();
      output.write(output.json ? jsonLine(line) : `${plainText(name)}: ${plainText(sentence)}\n`);
      done += 1;
      if (picked.length > 1) bar.show(done);
    });
  } finally {
    bar.end();
    s3.destroy();
  }
}

/** Rejects what cannot be carried out, whatever the jobs. */
export async function checkRetry(ids: readonly string[], options: RetryOptions): Promise<void> {
  checkPick(ids, options);
  const { body } = options;
  if (body === undefined) return;
  if (ids.length > 1) throw new UsageError(CORRECTS_ONE);
  if (body !== '-') await checkReadable(body);
}

const CORRECTS_ONE = '--body corrects one job: name it';

function retryDepsOf(
  { client }: ClientDeps,
  { config, log }: Pick<Context, 'config' | 'log'>,
  s3: ReturnType<typeof createS3>,
): RetryDeps & RejectedMessageDeps {
  const store = createResultStore(config.dqm.resultStore, { s3 });
  const { intake, bodies } = intakeOf({ client, config, store, log });
  return {
    client,
    store,
    intake,
    seesStore: store.location.kind === 's3' || existsSync(store.location.root),
    rules: messageRules(config),
    limitsOf: (command) => limitsOf(config, command),
    keepBody: async (queue, workflowId, text) => {
      const bytes = Buffer.from(text);
      return isLarge(bytes) ? { reference: await bodies.keep(queue, workflowId, bytes) } : { text };
    },
  };
}
