import type { HeldLetter } from '../bridges/dead-letters/dead-letter-queue.ts';
import { jobOfLetter, type LetterJob } from '../bridges/dead-letters/letter-job.ts';
import type { Config, QueueConfig } from '../lib/config/config.ts';
import { inParallel } from '../lib/in-parallel.ts';
import type { JobFilter } from '../lib/jobs/query.ts';

import { terminalAsking } from './confirm.ts';
import { UsageError, type Context } from './context.ts';
import { checkPlace, openDeadLetterQueue } from './dead-letters/open.ts';
import { jobFilterOf } from './job-filter.ts';
import { paint, STATE_STYLES } from './output/colour.ts';
import { jsonLine, type Output } from './output/output.ts';
import { createProgressBar } from './output/progress-bar.ts';
import { table } from './output/table.ts';
import { mayGoOn, type PickOptions } from './pick-jobs.ts';
import { queueNamed } from './queue-named.ts';
import type { ClientDeps } from './with-client.ts';

export interface DeadLettersOptions extends PickOptions {
  redrive?: boolean;
  dropCompleted?: boolean;
}

/** A dead letter and the job that it names. */
interface Letter {
  held: HeldLetter;
  job: LetterJob | undefined;
}

type LetterOutcome = 'listed' | 'redriven' | 'dropped' | 'would redrive' | 'would drop';

/** More are for the next call: what is settled is gone from the queue. */
const MOST = 10_000;
const AT_ONCE = 8;

/** `dqm dead-letters --queue NAME`: lists them, moves them back, or deletes those whose job has completed since. */
export async function deadLetters(
  options: DeadLettersOptions,
  deps: ClientDeps,
  context: Context,
  asking = terminalAsking(),
): Promise<void> {
  const { name } = checkDeadLetters(options, context.config);
  const { redrive = false, dropCompleted = false } = options;
  const filter = jobFilterOf(options, deps.now);
  const queue = await openDeadLetterQueue(context, name);
  try {
    const held = await queue.hold(MOST);
    const all = await inParallel(held, AT_ONCE, async (each) => ({
      held: each,
      job: await jobOfLetter(deps.client, each),
    }));
    const letters = all
      .filter((letter) => matches(letter, filter))
      .filter((letter) => !dropCompleted || isDone(letter));
    const verb = redrive ? 'redrive' : 'drop';
    if (!redrive && !dropCompleted) return tell(letters, 'listed', queue.name, deps.output);
    if (options.dryRun) return tell(letters, `would ${verb}`, queue.name, deps.output);
    if (!(await mayGoOn(`${verb} ${letters.length} dead letters`, letters.length, options, asking))) return;
    await settle(letters, redrive ? 'redriven' : 'dropped', queue.name, deps.output);
  } finally {
    await queue.close();
  }
}

/** The queue whose dead letters are meant. Rejects what cannot be carried out, whatever lies there. */
export function checkDeadLetters({ queue, redrive, dropCompleted }: DeadLettersOptions, config: Config): QueueConfig {
  if (queue === undefined) throw new UsageError('say which queue: --queue NAME');
  if (redrive && dropCompleted) throw new UsageError('either --redrive or --drop-completed');
  const named = queueNamed(config, queue);
  checkPlace(named);
  return named;
}

function matches({ held, job }: Letter, { state, tenant, command, error, host, since }: JobFilter): boolean {
  const row = job?.row;
  return [
    state === undefined || row?.state === state,
    tenant === undefined || row?.tenant === tenant,
    command === undefined || row?.command === command,
    host === undefined || row?.host === host,
    error === undefined || held.mark?.type === error,
    since === undefined || (row !== undefined && new Date(row.created) >= since),
  ].every(Boolean);
}

const isDone = ({ job }: Letter): boolean => job?.row.state === 'completed' && job.isOfThisMessage;

async function settle(
  letters: readonly Letter[],
  outcome: 'redriven' | 'dropped',
  queueName: string,
  output: Output,
): Promise<void> {
  const bar = createProgressBar(outcome, letters.length);
  let done = 0;
  try {
    await inParallel(letters, AT_ONCE, async ({ held, job }) => {
      await (outcome === 'redriven' ? held.redrive() : held.drop());
      done += 1;
      if (output.json) output.write(jsonLine(lineOf({ held, job }, outcome)));
      if (letters.length > 1) bar.show(done);
    });
  } finally {
    bar.end();
    if (!output.json) output.write(`${done} of ${letters.length} dead letters of ${queueName} ${outcome}.\n`);
  }
}

const lineOf = ({ held: { message, mark }, job }: Letter, outcome: LetterOutcome) => ({
  message_id: message.attributes.originalMessageId ?? message.messageId,
  job_id: message.attributes.jobId ?? null,
  workflow_id: job?.row.workflow_id ?? null,
  state: job?.row.state ?? null,
  error: mark ? { type: mark.type, message: mark.reason } : null,
  outcome,
});

function tell(letters: readonly Letter[], outcome: LetterOutcome, queueName: string, output: Output): void {
  const lines = letters.map((letter) => lineOf(letter, outcome));
  if (output.json) return output.write(lines.map(jsonLine).join(''));
  if (lines.length === 0) return output.write(`No dead letters in ${queueName}.\n`);
  const shown = table(
    [
      { title: 'JOB', text: ({ job_id, message_id }) => job_id ?? message_id ?? '', leastWidth: 12 },
      {
        title: 'STATE',
        text: ({ state }) => state ?? 'no job',
        paint: (cell, { state }) => (state === null ? cell : paint(output, STATE_STYLES[state], cell)),
      },
      { title: 'ERROR', text: ({ error }) => error?.type ?? '' },
      { title: 'REASON', text: ({ error }) => error?.message ?? '', leastWidth: 12, leaveOut: 1 },
    ],
    lines,
    output.columns,
    (title) => paint(output, 'dim', title),
  );
  output.write(`${shown}${lines.length} in ${queueName}${outcome === 'listed' ? '' : `, ${outcome} them`}.\n`);
}
