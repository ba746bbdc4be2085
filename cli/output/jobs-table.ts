import type { FailureGroup } from '../../lib/jobs/failures.ts';
import type { JobRow } from '../../lib/jobs/job-view.ts';

import { paint, STATE_STYLES } from './colour.ts';
import type { Output } from './output.ts';
import { agoText, clockText, durationText } from './quantities.ts';
import { table, type Column } from './table.ts';
import { cut, plainText } from './text.ts';

type Look = Pick<Output, 'columns' | 'colour'>;

/** A line each: `37 failed: UnexpectedResult, render_product on gpu-07, newest 02:14`. */
export const failureLines = (groups: readonly FailureGroup[], look: Look, nowMs: number): string =>
  groups.map((group) => failureLine(group, look, nowMs)).join('');

function failureLine({ count, error, command, host, newest }: FailureGroup, look: Look, nowMs: number): string {
  const what = `${command ?? 'no command'}${host === null ? '' : ` on ${host}`}`;
  const text = plainText([error ?? 'unknown', what, `newest ${clockText(newest, nowMs)}`].join(', '));
  const failed = `${count} failed`;
  return `${paint(look, 'red', failed)}: ${cut(text, look.columns - failed.length - 2)}\n`;
}

export const jobsTable = (rows: readonly JobRow[], look: Look, nowMs: number): string =>
  table(columns(look, nowMs), rows, look.columns, (title) => paint(look, 'dim', title));

/** What is left out first in a narrow terminal has the highest number. */
function columns(look: Look, nowMs: number): Column<JobRow>[] {
  return [
    { title: 'STATE', text: ({ state }) => state, paint: (cell, { state }) => paint(look, STATE_STYLES[state], cell) },
    { title: 'JOB', text: ({ job_id, workflow_id }) => job_id ?? workflow_id, leastWidth: 20 },
    { title: 'QUEUE', text: ({ queue }) => queue, leastWidth: 8, leaveOut: 3 },
    { title: 'COMMAND', text: ({ command }) => command ?? '', leastWidth: 12, leaveOut: 2 },
    { title: 'HOST', text: ({ host }) => host ?? '', leastWidth: 8, leaveOut: 4 },
    { title: 'TENANT', text: ({ tenant }) => tenant ?? '', leastWidth: 6, leaveOut: 5 },
    { title: 'PRIORITY', text: ({ priority }) => priority ?? '', leaveOut: 6 },
    { title: 'CREATED', text: ({ created }) => agoText(created, nowMs), align: 'right' },
    {
      title: 'GPU',
      text: ({ gpu_seconds }) => (gpu_seconds === null ? '' : durationText(gpu_seconds)),
      align: 'right',
      leaveOut: 7,
    },
    { title: 'ERROR', text: ({ error }) => error?.type ?? '', leastWidth: 12, leaveOut: 1 },
  ];
}
