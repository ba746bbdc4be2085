import type { JobView } from '../../lib/jobs/job-view.ts';
import { jsonLine, type Output } from '../output/output.ts';

import type { DeadLetter } from './dead-letters.ts';
import type { Sent } from './producer.ts';
import type { Received } from './receiver.ts';

export interface DemoOutcome {
  jobs: readonly JobView[];
  letters: readonly DeadLetter[];
  sent: readonly Sent[];
  /** The contact sheet. */
  page: string;
  received: readonly Received[];
  uiUrl: string;
  keep: boolean;
}

/** What became of each message, and where to look. */
export function report(outcome: DemoOutcome, output: Output): void {
  if (output.json) return output.write(outcome.jobs.map(jsonLine).join(''));
  const { jobs, letters, sent, page, received, uiUrl, keep } = outcome;
  const titleOf = (messageId: string | null): string => sent.find((each) => each.messageId === messageId)?.title ?? '?';
  const refused = received.filter(({ refusals }) => refusals > 0);
  const lines = [
    '',
    `${jobs.length} jobs delivered, to S3 and to the web server (${received.length} posts taken):`,
    ...jobs.map(({ message_id, ui_url }) => `  ${titleOf(message_id).padEnd(24)} ${ui_url ?? ''}`),
    ...refused.map(
      ({ path, refusals }) => `The web server answered 503 ${refusals} times for ${path}, then took it: rendered once.`,
    ),
    '',
    `${letters.length} messages in the dead-letter queues, never run:`,
    ...letters.map(({ messageId, type, reason }) => `  ${titleOf(messageId).padEnd(24)} ${type}: ${reason}`),
    '',
    `Pictures: ${page}`,
    keep
      ? `It all stays up; Temporal's UI: ${uiUrl}. Ctrl-C ends it.`
      : `Temporal's UI ends with the demo: npm run demo -- --keep leaves it up.`,
    '',
  ];
  output.write(lines.join('\n'));
}
