import type { ChainFailureDetails, ChainJournal, JobInput, TaskFailureDetails } from '../contract/job-input.ts';

import { commandsOf, jobInput, rendered, taskRun, type JobFacts } from './facts.ts';

/** From which task, with which staged result, an ended job goes on; undefined: its command has to run again. */
export function resumeOf(facts: JobFacts): JobInput['resume'] {
  const { failureDetails } = facts.history;
  if (journalOf(facts)) return undefined;
  if (isTaskFailure(failureDetails)) return failureDetails;
  // Cancelled or ended by hand between two tasks. Of a chain only its own failure says which result it delivered.
  const staged = commandsOf(facts.history).length <= 1 ? rendered(facts) : undefined;
  if (!staged) return undefined;
  const { result, host, gpuSeconds } = staged;
  return { result, host, gpuSeconds, task: firstOpenTask(facts) };
}

/** What the calls of an ended chain have given: a retry goes on from there, with the calls that failed or were not made. */
export function journalOf({ history }: JobFacts): ChainJournal | undefined {
  const { journal = jobInput(history).journal } = (history.failureDetails ?? {}) as Partial<ChainFailureDetails>;
  return journal && { parts: journal.parts, retriedParts: journal.parts.length };
}

const isTaskFailure = (details: unknown): details is TaskFailureDetails => {
  const { task, result } = (details ?? {}) as Partial<TaskFailureDetails>;
  return typeof task === 'number' && typeof result?.uri === 'string';
};

function firstOpenTask({ history }: JobFacts): number {
  const { tasks = [], resume } = jobInput(history);
  const delivered = (index: number): boolean =>
    index < (resume?.task ?? 0) || taskRun(history, index)?.ending?.outcome === 'completed';
  const open = tasks.findIndex((_, index) => !delivered(index));
  return open === -1 ? tasks.length : open;
}
