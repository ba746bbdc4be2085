import type { QueueView } from '../../lib/queue-view.ts';

import { paint } from './colour.ts';
import type { Output } from './output.ts';
import { agoText, durationText } from './quantities.ts';
import { table, type Column } from './table.ts';

/** What is left out first in a narrow terminal has the highest number. */
export const queuesTable = (views: readonly QueueView[], output: Output, nowMs: number): string =>
  table(columns(nowMs), views, output.columns, (title) => paint(output, 'dim', title));

const columns = (nowMs: number): Column<QueueView>[] => [
  { title: 'QUEUE', text: ({ queue }) => queue, leastWidth: 8 },
  number('IN BROKER', ({ in_broker }) => in_broker),
  number('WAITING', ({ waiting }) => waiting),
  number('RUNNING', ({ running }) => running),
  number('DELIVERING', ({ delivering }) => delivering, 3),
  number('FAILED', ({ failed }) => failed),
  number('REJECTED', ({ rejected }) => rejected, 2),
  number('READY HOSTS', ({ ready_hosts }) => ready_hosts),
  {
    title: 'OLDEST WAIT',
    text: ({ oldest_wait_seconds: seconds }) => (seconds === null ? '' : durationText(seconds)),
    align: 'right',
    leaveOut: 4,
  },
  {
    title: 'PAUSED',
    text: ({ paused }) => (paused ? `by ${paused.by}, ${agoText(paused.since, nowMs)}` : ''),
    leastWidth: 12,
  },
];

const number = (title: string, count: (view: QueueView) => number | null, leaveOut?: number): Column<QueueView> => ({
  title,
  text: (view) => String(count(view) ?? '?'),
  align: 'right',
  ...(leaveOut !== undefined && { leaveOut }),
});
