import type { HostView } from '../../lib/host-views.ts';

import { paint } from './colour.ts';
import type { Output } from './output.ts';
import { agoText, durationText } from './quantities.ts';
import { table, type Column } from './table.ts';

/** What is left out first in a narrow terminal has the highest number. */
export const hostsTable = (
  views: readonly HostView[],
  output: Pick<Output, 'colour' | 'columns'>,
  nowMs: number,
): string => table(columns(nowMs), views, output.columns, (title) => paint(output, 'dim', title));

const columns = (nowMs: number): Column<HostView>[] => [
  { title: 'HOST', text: ({ host }) => host, leastWidth: 8 },
  { title: 'REALITYSERVER', text: ({ realityserver_url: url }) => url ?? '', leastWidth: 10, leaveOut: 3 },
  { title: 'QUEUE', text: ({ queue }) => queue, leastWidth: 6, leaveOut: 4 },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'JOB', text: ({ job_id }) => job_id ?? '', leastWidth: 8 },
  {
    title: 'PROGRESS',
    text: ({ progress }) => (progress === null ? '' : `${Math.round(progress)} %`),
    align: 'right',
    leaveOut: 2,
  },
  {
    title: 'GPU TODAY',
    text: ({ gpu_seconds_today: seconds }) => (seconds === null ? '' : durationText(seconds)),
    align: 'right',
    leaveOut: 1,
  },
  { title: 'FAULTS', text: ({ faults }) => (faults ? String(faults) : ''), align: 'right' },
  { title: 'VERSION', text: ({ version }) => version ?? '', leastWidth: 8, leaveOut: 5 },
  { title: 'REASON', text: ({ reason }) => reason ?? '', leastWidth: 24 },
  {
    title: 'PAUSED',
    text: ({ paused }) => (paused ? `by ${paused.by}, ${agoText(paused.since, nowMs)}` : ''),
    leastWidth: 12,
  },
];
