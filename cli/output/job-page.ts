import type { OpenApproval } from '../../lib/contract/approvals.ts';
import type { JobRow, JobView, PartialResult, TaskView } from '../../lib/jobs/job-view.ts';
import { COMMAND_ACTIVITY, DEAD_LETTER_ACTIVITY } from '../../lib/jobs/pending.ts';
import type { JobDetails } from '../../lib/jobs/show.ts';
import { failureText, type TimeLineEntry } from '../../lib/jobs/time-line.ts';

import { hostWaitText } from './host-wait.ts';
import { paint, STATE_STYLES } from './colour.ts';
import type { Output } from './output.ts';
import { agoText, bytesText, durationText } from './quantities.ts';
import { table, type Column } from './table.ts';
import { fitted, plainText } from './text.ts';

type Look = Pick<Output, 'columns' | 'colour'>;

/** One job for people: what it is, why it waits, what happened so far, and where its results went. */
export function jobPage(details: JobDetails, look: Look, nowMs: number): string {
  const { job, timeLine, earlierRuns } = details;
  const title = `${paint(look, 'bold', plainText(job.workflow_id))}\n`;
  const facts = factsOf(details, nowMs).map(([name, value]) => {
    const text = plainText(value);
    return `  ${paint(look, 'dim', fitted(name, 10))}${name === 'state' ? paint(look, STATE_STYLES[job.state], text) : text}\n`;
  });
  const parts = [title + facts.join(''), heading('Time line', look) + timeLineText(timeLine, look)];
  if (job.tasks.length > 0) parts.push(heading('Tasks', look) + taskTable(job.tasks, look));
  if (job.partial_results.length > 0) parts.push(partialResults(job, look));
  if (earlierRuns.length > 0) parts.push(heading('Earlier runs', look) + runTable(earlierRuns, look, nowMs));
  return parts.join('\n');
}

const heading = (text: string, look: Look): string => `${paint(look, 'bold', text)}\n`;

function factsOf(details: JobDetails, nowMs: number): [string, string][] {
  const { job } = details;
  const facts: [string, string | null][] = [
    ['state', job.state],
    ...waitsFor(details, nowMs).map((reason): [string, string] => ['waits for', reason]),
    ['error', job.error && failureText(job.error)],
    ['queue', job.queue],
    ['command', job.command],
    ['message', job.message_id],
    ['tenant', job.tenant],
    ['priority', job.priority],
    ['host', hostText(job)],
    ['gpu time', job.gpu_seconds === null ? null : durationText(job.gpu_seconds)],
    ['result', resultText(job.result)],
    ['created', `${agoText(job.created, nowMs)} (${job.created})`],
    ['link', job.ui_url],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

function hostText({ host, attempt, progress }: JobView): string | null {
  if (host === null) return null;
  const facts = [host];
  if (attempt !== null) facts.push(`attempt ${attempt}`);
  if (progress !== null) facts.push(`${Math.round(progress)} %`);
  return facts.join(', ');
}

function resultText(result: JobView['result']): string | null {
  if (!result) return null;
  return `${result.mime_type}, ${bytesText(result.size)}, sha256 ${result.sha256}, ${result.uri}`;
}

function waitsFor(details: JobDetails, nowMs: number): string[] {
  const { job, heldUp, approvals } = details;
  if (heldUp !== null) return [heldUp];
  const [decide, isOnly] = [`dqm approve ${job.job_id ?? job.workflow_id}`, approvals.length === 1];
  const asked = approvals.map((open) => {
    const which = isOnly ? '' : ` --approval '${open.approval}'`;
    return `${approvalText(open)}: ${decide}${which}`;
  });
  return [...asked, ...activitiesWaitedFor(details, nowMs)];
}

function approvalText({ approval, deadlineMs, preview }: OpenApproval): string {
  const facts = [`the approval of ${approval}`];
  if (deadlineMs !== null) facts.push(`until ${new Date(deadlineMs).toISOString()}`);
  if (preview) facts.push(`preview ${preview.uri}`);
  return facts.join(', ');
}

/** One reason for each activity that nobody works on now. */
function activitiesWaitedFor({ job: { queue, state }, pending, hostWait }: JobDetails, nowMs: number): string[] {
  // Its workflow has not taken the first step.
  if (state === 'waiting' && pending.length === 0) return ['a job worker (dqm worker jobs)'];
  return pending
    .filter(({ isRunning }) => !isRunning)
    .map(({ name, attempts, nextAttemptAt, failure, failedOn }) => {
      const next = nextAttemptAt ? nextAttemptAt.getTime() - nowMs : 0;
      const what =
        name === COMMAND_ACTIVITY && hostWait && next <= 0
          ? hostWaitText(hostWait, queue, nowMs)
          : workerOf(name, queue);
      const waited = next > 0 ? `${what}, not before ${durationText(next / 1_000)} from now` : what;
      if (!failure) return waited;
      return `${waited}; attempt ${attempts} failed${failedOn ? ` on ${failedOn}` : ''}: ${failureText(failure)}`;
    });
}

function workerOf(activity: string, queue: string): string {
  switch (activity) {
    case COMMAND_ACTIVITY:
      return `a render host of the queue ${queue}`;
    case DEAD_LETTER_ACTIVITY:
      return `the bridge of the queue ${queue}, for its dead letter`;
    default:
      return `a job worker, for ${activity}`;
  }
}

/** Times count from the first entry, which says when that was. */
function timeLineText(entries: readonly TimeLineEntry[], look: Look): string {
  const start = entries[0]?.at.getTime() ?? 0;
  return entries
    .map(({ at, text }) => {
      const since = at.getTime() - start;
      const offset = fitted(`+${durationText(Math.max(since, 0) / 1_000)}`, 14, 'right');
      return `${paint(look, 'dim', offset)}  ${plainText(text)}\n`;
    })
    .join('');
}

const TASK_COLUMNS: Column<TaskView>[] = [
  { title: 'TASK', text: ({ name }) => name, leastWidth: 9 },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'ATTEMPTS', text: ({ attempts }) => String(attempts), align: 'right', leaveOut: 1 },
  { title: 'DESTINATION', text: ({ destination }) => destination ?? '', leastWidth: 12 },
  { title: 'ERROR', text: ({ error }) => (error ? failureText(error) : ''), leastWidth: 12 },
];

const PARTIAL_COLUMNS: Column<PartialResult>[] = [
  { title: 'STEP', text: ({ step }) => String(step), align: 'right' },
  { title: 'COMMAND', text: ({ summary }) => summary, leastWidth: 40 },
  { title: 'TYPE', text: ({ mime_type: type }) => type },
  { title: 'SIZE', text: ({ size }) => bytesText(size), align: 'right' },
  { title: 'URI', text: ({ uri }) => uri, leaveOut: 1 },
];

/** A chain of thousands has as many; the last ones say how far it is. */
const MOST_PARTIAL_RESULTS = 20;

/** What a chain's commands have staged, and how to get at it. */
function partialResults({ job_id: jobId, workflow_id: id, partial_results: all }: JobView, look: Look): string {
  const shown = all.slice(-MOST_PARTIAL_RESULTS);
  const left = all.length - shown.length;
  const more = left === 0 ? '' : `${INDENT}and ${left} before them, all with --json\n`;
  const hint = `${INDENT}dqm result ${plainText(jobId ?? id)} --step STEP writes one to a file\n`;
  return heading('Partial results', look) + indentedTable(PARTIAL_COLUMNS, shown, look) + more + hint;
}

const INDENT = '  ';

const taskTable = (tasks: readonly TaskView[], look: Look): string => indentedTable(TASK_COLUMNS, tasks, look);

const runTable = (runs: readonly JobRow[], look: Look, nowMs: number): string =>
  indentedTable(
    [
      { title: 'STATE', text: ({ state }) => state },
      { title: 'CREATED', text: ({ created }) => agoText(created, nowMs) },
      { title: 'HOST', text: ({ host }) => host ?? '', leastWidth: 6, leaveOut: 1 },
      { title: 'ERROR', text: ({ error }) => error?.type ?? '', leastWidth: 8 },
      { title: 'RUN', text: ({ run_id }) => run_id, leaveOut: 2 },
    ],
    runs,
    look,
  );

const indentedTable = <Row>(columns: Column<Row>[], rows: readonly Row[], look: Look): string =>
  table(columns, rows, look.columns - INDENT.length, (title) => paint(look, 'dim', title)).replace(/^(?=.)/gm, INDENT);
