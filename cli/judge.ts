import type { Config, QueueConfig } from '../lib/config/config.ts';
import { readMessage } from '../lib/contract/job-message.ts';
import type { QueueMessage } from '../lib/contract/queue-message.ts';

import { EXIT_FAILED } from './exit.ts';
import { jsonLine, type Output } from './output/output.ts';
import { plainText } from './output/text.ts';
import { messageRules } from './parts/message-rules.ts';

/** What intake would say of a message, as far as the message alone decides it. */
export interface Judgement {
  outcome: 'accepted' | 'rejected';
  error: { type: string; message: string } | null;
  /** What the message asks for and does not get. */
  remark: string | null;
}

/** What a configuration's intake says, for one message after the other. Loads the modules that the file names. */
export function createJudge(config: Config): (message: QueueMessage) => Judgement {
  const rules = messageRules(config);
  return (message) => {
    const read = readMessage(message, rules);
    if ('rejected' in read) {
      const { type, reason } = read.rejected;
      return { outcome: 'rejected', error: { type, message: reason }, remark: null };
    }
    const { priority, tenant } = read.job;
    const asksForTurn = priority !== null || tenant !== null;
    return {
      outcome: 'accepted',
      error: null,
      remark: asksForTurn ? orderRemark(config.queues.get(message.queue)) : null,
    };
  };
}

/** Priority and tenant order what is inside the engine, and `auto` lets in what the GPUs are about to take. */
const orderRemark = (queue: QueueConfig | undefined): string | null =>
  queue && queue.kind !== 'direct' && queue.maxWaitingJobs === 'auto'
    ? `its priority or tenant has little effect: with max_waiting_jobs auto the broker's order comes first, set a number or unlimited`
    : null;

/** A line for people, or `{ <subject's name>, outcome, error, remark }`. */
export function writeJudgement(output: Output, subject: Record<string, string | null>, judgement: Judgement): void {
  const { outcome, error, remark } = judgement;
  if (output.json) return output.write(jsonLine({ ...subject, ...judgement }));
  const name = plainText(Object.values(subject)[0] ?? 'a message without an id');
  const why = error ? `, ${error.type}: ${error.message}` : '';
  output.write(`${name}: would be ${outcome}${why}\n${remark === null ? '' : `${name}: ${remark}\n`}`);
}

/** The same, and a message that would be rejected is told by the exit code too. */
export function tell(output: Output, subject: Record<string, string | null>, judgement: Judgement): void {
  writeJudgement(output, subject, judgement);
  if (judgement.outcome === 'rejected') process.exitCode = EXIT_FAILED;
}
