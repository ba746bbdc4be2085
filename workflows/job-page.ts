import { setCurrentDetails, upsertSearchAttributes, type ApplicationFailure } from '@temporalio/workflow';

import type { RenderedCommand } from '../activities/command.ts';
import type { JobInput } from '../lib/contract/job-input.ts';
import { DqmError, DqmGpuSeconds, DqmHost, DqmState } from '../lib/contract/search-attributes.ts';
import type { JobState } from '../lib/contract/states.ts';

import type { JobEnding } from './ending.ts';
import { taskSummary, taskVariables } from './task-summary.ts';

/** What people see of a job in Temporal's UI: search attributes to find it by, current details to read. */
export interface JobPage extends JobEnding {
  rendered(outcome: RenderedCommand): void;
  delivered(task: number, destination: string): void;
}

/** Two upserts a job, each an event: when the command has ended, and at the end. Details cost none. */
export function createJobPage(input: JobInput): JobPage {
  const { tasks, resume, jobId } = input;
  const first = resume?.task ?? 0;
  const variables = taskVariables(input);
  let rendered: RenderedCommand | undefined;
  const deliveries = tasks.map((task, index) => ({
    what: taskSummary(task, variables),
    outcome: index < first ? 'done in an earlier run' : 'waits',
  }));
  /** Why it failed, what to do, and where its message is now. */
  const remarks: string[] = [];

  const show = (state: JobState): void => setCurrentDetails(detailsOf(state, rendered, deliveries, remarks));
  const begins = (task: number): void => {
    const delivery = deliveries[task];
    if (delivery) delivery.outcome = `goes on, its last answer stands in ${PENDING}`;
    show('delivering');
  };
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
      begins(first);
    },
    delivered: (task, destination) => {
      const name = tasks[task]?.name ?? '';
      deliveries[task] = { what: destination === name ? name : `${name} → ${destination}`, outcome: 'done' };
      begins(task + 1);
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
      for (const [index, delivery] of deliveries.entries()) {
        if (index >= (task ?? first)) delivery.outcome = index === task ? 'failed' : 'not run';
      }
      remarks.push(`${type}: ${message}`, whatToDo(jobId, type, task === undefined ? undefined : tasks[task]?.name));
      show('failed');
    },
    deadLetter: (text) => {
      remarks.push(text);
      show('failed');
    },
  };
}

/** The tab of Temporal's page that knows what a workflow cannot: host, attempt, progress, last failure. */
const PENDING = '*Pending Activities*';

/** Types that a repetition of the same message ends in again. */
const WRONG_MESSAGES: readonly unknown[] = ['BadMessage', 'BadRequest', 'CommandNotAllowed'];

function whatToDo(jobId: string, type: ApplicationFailure['type'], task: string | undefined): string {
  const retry = `dqm retry ${jobId}`;
  if (task !== undefined) return `\`${retry}\` goes on with ${task}, without a GPU, once its destination takes it`;
  return WRONG_MESSAGES.includes(type)
    ? `\`${retry} --body FILE\` runs it with a corrected message`
    : `\`${retry}\` runs its command again`;
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

/** What the workflow cannot see of a state. */
const STATE_NOTES: Partial<Record<JobState, string>> = {
  waiting: `for a render host, or on one: ${PENDING} says which, and why an attempt failed`,
};

/** Markdown, as the UI shows it. */
function detailsOf(
  state: JobState,
  rendered: RenderedCommand | undefined,
  deliveries: readonly { what: string; outcome: string }[],
  remarks: readonly string[],
): string {
  const note = STATE_NOTES[state];
  const parts = [`**${state}**${note === undefined ? '' : ` ${note}`}`, ...remarks];
  if (rendered) {
    const { result, host, gpuSeconds } = rendered;
    parts.push(`rendered on ${host}, ${gpuSeconds.toFixed(1)} s on the GPU`);
    parts.push(`result: ${result.mimeType}, ${result.size} bytes, sha256 ${result.sha256}`);
  }
  if (deliveries.length > 0) parts.push(deliveries.map(({ what, outcome }) => `- \`${what}\`: ${outcome}`).join('\n'));
  return parts.join('\n\n');
}
