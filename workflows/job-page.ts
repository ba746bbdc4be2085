import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';

import type { RenderedCommand } from '../activities/command.ts';
import type { JobInput } from '../lib/contract/job-input.ts';
import { DqmError, DqmGpuSeconds, DqmHost, DqmState } from '../lib/contract/search-attributes.ts';
import type { JobState } from '../lib/contract/states.ts';

import type { JobEnding } from './ending.ts';

/** What people see of a job in Temporal's UI: search attributes to find it by, current details to read. */
export interface JobPage extends JobEnding {
  rendered(outcome: RenderedCommand): void;
  delivered(task: number, destination: string): void;
}

/** Two upserts a job, each an event: when the command has ended, and at the end. Details cost none. */
export function createJobPage({ tasks, resume }: JobInput): JobPage {
  let rendered: RenderedCommand | undefined;
  const outcomes = tasks.map((_, index): string =>
    index < (resume?.task ?? 0) ? 'done in an earlier run' : 'waiting',
  );
  /** Why it failed, and where its message is now. */
  const remarks: string[] = [];

  const show = (state: JobState): void =>
    setCurrentDetails(
      detailsOf(
        state,
        rendered,
        tasks.map((task, index) => `${task.name}: ${outcomes[index]}`),
        remarks,
      ),
    );
  const end = (state: JobState): void => {
    // Without tasks there is no `delivering`: host and seconds come with the end.
    const facts = tasks.length === 0 ? factsOf(rendered) : [];
    upsertSearchAttributes([{ key: DqmState, value: state }, ...facts]);
    show(state);
  };

  show('waiting');
  return {
    rendered: (outcome) => {
      rendered = outcome;
      if (tasks.length > 0) upsertSearchAttributes([{ key: DqmState, value: 'delivering' }, ...factsOf(outcome)]);
      show('delivering');
    },
    delivered: (task, destination) => {
      outcomes[task] = `done, ${destination}`;
      show('delivering');
    },
    completed: () => end('completed'),
    cancelled: () => end('cancelled'),
    failed: ({ type, message, details }) => {
      const host = hostOf(details?.[0]);
      upsertSearchAttributes([
        { key: DqmState, value: 'failed' },
        { key: DqmError, value: type ?? 'unknown' },
        ...(host === undefined ? [] : [{ key: DqmHost, value: host }]),
      ]);
      const task = failedTask(details?.[0]);
      if (task !== undefined) outcomes.splice(task, Infinity, 'failed', ...tasks.slice(task + 1).map(() => 'not run'));
      remarks.push(`${type}: ${message}`);
      show('failed');
    },
    deadLetter: (text) => {
      remarks.push(text);
      show('failed');
    },
  };
}

const factsOf = (rendered: RenderedCommand | undefined) =>
  rendered === undefined
    ? []
    : [
        { key: DqmHost, value: rendered.host },
        { key: DqmGpuSeconds, value: rendered.gpuSeconds },
      ];

/** The host that said the command failed for good; a failed task's details name the one that rendered. */
function hostOf(details: unknown): string | undefined {
  const host = (details as { host?: unknown } | null | undefined)?.host;
  return typeof host === 'string' ? host : undefined;
}

function failedTask(details: unknown): number | undefined {
  const task = (details as { task?: unknown } | null | undefined)?.task;
  return typeof task === 'number' ? task : undefined;
}

/** Markdown, as the UI shows it. */
function detailsOf(
  state: JobState,
  rendered: RenderedCommand | undefined,
  tasks: string[],
  remarks: readonly string[],
): string {
  const lines = [`**${state}**`];
  if (rendered) {
    const { result, host, gpuSeconds } = rendered;
    lines.push(`rendered on ${host}, ${gpuSeconds.toFixed(1)} s on the GPU`);
    lines.push(`result: ${result.mimeType}, ${result.size} bytes, sha256 ${result.sha256}`);
  }
  lines.push(...remarks);
  return [lines.join('\n\n'), ...tasks.map((task) => `- ${task}`)].join('\n');
}
