import type { StagedResult } from '../contract/job-input.ts';

import {
  commandsOf,
  destinationOf,
  jobInput,
  pendingOf,
  rejectedInput,
  rendered,
  renderedBy,
  stepsOf,
  taskRun,
  type JobFacts,
} from './facts.ts';
import type { ActivityRun } from './history.ts';
import type { FailureView, JobView, PartialResult, ResultView, TaskState, TaskView } from './job-view.ts';
import { DEAD_LETTER_ACTIVITY, runningCommand, type PendingActivity } from './pending.ts';
import { jobRow, type UiPlace } from './row.ts';
import { isOpen } from './state.ts';

/** A job in full, out of what the engine tells of it. */
export function jobView(facts: JobFacts, ui: UiPlace): JobView {
  const { info, history, pending } = facts;
  const running = runningCommand(pending);
  const row = jobRow(info, ui, running);
  const staged = rendered(facts);
  const command = commandsOf(history).at(-1);
  return {
    ...row,
    tenant: row.tenant ?? jobInput(history).tenant ?? null,
    message_id: row.message_id ?? jobInput(history).messageId ?? rejectedInput(history).messageId ?? null,
    host: row.host ?? command?.started?.host ?? staged?.host ?? null,
    attempt: attemptsOf(command, running ?? pendingOf(facts, command)) || null,
    progress: running?.progress ?? null,
    started: row.started ?? command?.started?.at.toISOString() ?? null,
    gpu_seconds: row.gpu_seconds ?? staged?.gpuSeconds ?? null,
    result: staged ? resultView(staged.result) : null,
    tasks: (jobInput(history).tasks ?? []).map(({ name }, index) => taskView(name, index, facts)),
    partial_results: history.isChain ? partialResults(facts) : [],
    error: jobError(facts, row.error),
  };
}

const resultView = ({ uri, sha256, size, mimeType }: StagedResult): ResultView => ({
  uri,
  sha256,
  size,
  mime_type: mimeType,
});

const partialResults = (facts: JobFacts): PartialResult[] =>
  stepsOf(facts).flatMap((run, step) => {
    const staged = renderedBy(run)?.result;
    return staged ? [{ step, summary: run.step ?? run.name, ...resultView(staged) }] : [];
  });

/** The history knows an activity's attempts once it has ended, the pending activity until then. */
const attemptsOf = (run: ActivityRun | undefined, pending: PendingActivity | undefined): number =>
  pending?.attempts ?? run?.started?.attempt ?? 0;

function taskView(name: string, index: number, facts: JobFacts): TaskView {
  const run = taskRun(facts.history, index);
  const pending = pendingOf(facts, run);
  const ending = run?.ending;
  return {
    name,
    state: taskState(run, pending, index, facts),
    attempts: attemptsOf(run, pending),
    error: ending?.outcome === 'failed' ? ending.failure : (pending?.failure ?? null),
    destination: destinationOf(ending),
  };
}

function taskState(
  run: ActivityRun | undefined,
  pending: PendingActivity | undefined,
  index: number,
  { info, history }: JobFacts,
): TaskState {
  if (run?.ending) return run.ending.outcome;
  if (pending?.isRunning) return 'running';
  // A retry goes on from the task that failed: those before it were delivered by an earlier run.
  if (!run && index < (jobInput(history).resume?.task ?? 0)) return 'completed';
  if (isOpen(info)) return 'waiting';
  return run ? 'cancelled' : 'skipped';
}

/** Of a job that is about to end as failed, the activity's own failure; of a rejected message, the verdict. */
function jobError({ history }: JobFacts, recorded: { type: string } | null): FailureView | null {
  if (!recorded) return null;
  if (history.failure) return history.failure;
  const verdict = rejectedInput(history).error;
  if (verdict) return verdict;
  const ending = history.activities.findLast(
    ({ name, ending }) => name !== DEAD_LETTER_ACTIVITY && ending?.outcome === 'failed',
  )?.ending;
  return { type: recorded.type, message: ending?.outcome === 'failed' ? ending.failure.message : '' };
}
