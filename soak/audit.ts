import type { JobState } from '../lib/contract/states.ts';

export type Broker = 'SQS' | 'AMQP';

/** A message as its producer knows it. */
export interface SentMessage {
  broker: Broker;
  messageId: string;
  /** Of its job: the one it names, else its own. */
  jobId: string;
  /** Its place in the run, which its command repeats. */
  number: number;
  isBad: boolean;
}

/** What a run left behind. */
export interface Evidence {
  sent: readonly SentMessage[];
  /** State by `<broker> <job id>`. */
  jobs: ReadonlyMap<string, JobState>;
  /** Original message ids in the dead-letter queues. */
  deadLetters: ReadonlySet<string>;
  /** By `<broker> <number>`, how often a command ran to its end and gave its answer away, and how often it was broken off. */
  runs: ReadonlyMap<string, { whole: number; brokenOff: number }>;
  /** Messages that are still in a queue. */
  unsettled: Record<Broker, number>;
}

export type Ending = JobState | 'duplicate' | 'dead letter' | 'lost';

export interface Audit {
  /** Messages by broker and ending. */
  endings: Record<Broker, Map<Ending, number>>;
  lost: SentMessage[];
  /** Commands whose answer was given away more than once. */
  runTwice: string[];
  /** Commands that ran again because their result was never staged. */
  neverStaged: string[];
  unsettled: number;
}

/** Each message's one ending, and what must not be. */
export function audit({ sent, jobs, deadLetters, runs, unsettled }: Evidence): Audit {
  const endings: Audit['endings'] = { SQS: new Map(), AMQP: new Map() };
  const lost: SentMessage[] = [];
  const seen = new Set<string>();
  for (const message of sent) {
    const job = `${message.broker} ${message.jobId}`;
    const ending = endingOf(message, jobs.get(job), seen.has(job), deadLetters);
    seen.add(job);
    if (ending === 'lost') lost.push(message);
    const counts = endings[message.broker];
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const twice = [...runs].filter(([, { whole, brokenOff }]) => whole + brokenOff > 1);
  return {
    endings,
    lost,
    runTwice: twice.filter(([, { whole }]) => whole > 1).map(([command]) => command),
    neverStaged: twice.filter(([, { whole }]) => whole <= 1).map(([command]) => command),
    unsettled: unsettled.SQS + unsettled.AMQP,
  };
}

function endingOf(
  { isBad, messageId }: SentMessage,
  state: JobState | undefined,
  isSecond: boolean,
  deadLetters: ReadonlySet<string>,
): Ending {
  if (isBad) return deadLetters.has(messageId) ? 'dead letter' : 'lost';
  if (state === undefined) return 'lost';
  return isSecond ? 'duplicate' : state;
}

/** Nothing lost, nothing run twice, nothing left, and every job completed. */
export const isClean = ({ lost, runTwice, unsettled, endings }: Audit): boolean =>
  lost.length + runTwice.length + unsettled === 0 &&
  Object.values(endings).every((counts) =>
    [...counts.keys()].every((ending) => ['completed', 'duplicate', 'dead letter'].includes(ending)),
  );

/** As a page shows it, and a terminal, too. */
export function auditTable({ endings, lost, runTwice, neverStaged, unsettled }: Audit): string {
  const names = [...new Set(Object.values(endings).flatMap((counts) => [...counts.keys()]))].sort();
  const rows: (readonly [string, ...(string | number)[]])[] = [
    ['messages sent', total(endings.SQS), total(endings.AMQP)],
    ...names.map((name) => [name, endings.SQS.get(name) ?? 0, endings.AMQP.get(name) ?? 0] as const),
  ];
  const brokers = rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
  const listed = neverStaged.length === 0 ? '' : `: ${neverStaged.join(', ')}`;
  return `| | SQS | AMQP |
| --- | --- | --- |
${brokers}
| must be 0 | |
| --- | --- |
| lost | ${lost.length} |
| commands run more than once | ${runTwice.length} |
| unsettled | ${unsettled} |

Commands that were broken off, their result never staged, and ran again: ${neverStaged.length}${listed}
${lost.map(({ broker, number, messageId }) => `Lost: ${broker} ${number}, message ${messageId}\n`).join('')}`;
}

const total = (counts: ReadonlyMap<Ending, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
