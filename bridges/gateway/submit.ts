import type { QueueConfig } from '../../lib/config/config.ts';
import type { JsonText } from '../../lib/contract/job-input.ts';
import { readMessage, type MessageRules } from '../../lib/contract/job-message.ts';
import { memberText, withoutMember } from '../../lib/contract/json-text.ts';
import { errorText } from '../../lib/log.ts';
import { CODES, CommandError } from '../../lib/realityserver/json-rpc.ts';

import { openSender, SubmissionRefused, type SendDeps, type Sender, type Submitted } from '../send.ts';

export interface SubmitDeps extends SendDeps {
  queues: ReadonlyMap<string, QueueConfig>;
  rules: MessageRules;
  /** A broker that says nothing for so long is an error. Default: 30 s. */
  answerLimitMs?: number;
}

/** A program waits for the answer: SQS's own repetitions would take minutes. */
const ANSWER_LIMIT_MS = 30_000;

export interface Submit {
  /** Takes the text of a submit call's `params`. Rejects with a `CommandError` that names the field, or with what the broker says. */
  submit(parameters: JsonText): Promise<Submitted>;
  close(): Promise<void>;
}

/** `queue_manager_submit_job`: validated first, then put into the named queue as any producer would. */
export function createSubmit(deps: SubmitDeps): Submit {
  const { queues, rules, answerLimitMs = ANSWER_LIMIT_MS } = deps;
  const open = new Map<string, Promise<Sender>>();

  /** One connection a queue for all calls; one that has ended is opened anew. */
  function senderOf(queue: QueueConfig): Promise<Sender> {
    const known = open.get(queue.name);
    if (known) return known;
    const opening = openSender(queue, {}, deps);
    const forget = (): void => {
      if (open.get(queue.name) === opening) open.delete(queue.name);
    };
    open.set(queue.name, opening);
    opening.then((sender) => sender.onEnd(forget), forget);
    return opening;
  }

  return {
    submit: async (parameters) => {
      const queue = queueOf(parameters, queues);
      const body = Buffer.from(withoutMember(parameters, 'queue_name'));
      const jobId = checkedJobId(body, queue.name, rules);
      try {
        const sending = senderOf(queue).then((sender) => sender.send(body));
        const messageId = await inTime(sending, answerLimitMs);
        return { messageId, jobId: jobId ?? messageId };
      } catch (error) {
        if (error instanceof SubmissionRefused) throw new CommandError(CODES.parameters, refusalText(error));
        throw new Error(`queue ${queue.name}: ${errorText(error)}`, { cause: error });
      }
    },
    close: async () => {
      // One that could not be opened, or whose connection has ended meanwhile, is closed.
      await Promise.allSettled([...open.values()].map(async (opening) => (await opening).close()));
    },
  };
}

const inTime = <T>(work: Promise<T>, limitMs: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const tooLate = (): void => reject(new Error(`not confirmed: no answer for ${limitMs / 1_000} s`));
    const timer = setTimeout(tooLate, limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** Names the field that made it a conflict. */
const refusalText = ({ type, reason, message }: SubmissionRefused): string =>
  type === 'IdentityConflict' ? `${type}: dqm.job_id: ${reason}` : message;

function queueOf(parameters: JsonText, queues: ReadonlyMap<string, QueueConfig>): QueueConfig {
  if (!/^\s*\{/.test(parameters)) throw new CommandError(CODES.parameters, 'params: must be an object');
  const text = memberText(parameters, 'queue_name');
  const name: unknown = text === undefined ? undefined : JSON.parse(text);
  if (name === undefined) throw new CommandError(CODES.parameters, 'queue_name: is required');
  if (typeof name !== 'string') throw new CommandError(CODES.parameters, 'queue_name: must be a string');
  const queue = queues.get(name);
  if (queue) return queue;
  const known = [...queues.keys()].join(', ') || 'none';
  throw new CommandError(CODES.parameters, `queue_name: there is no queue of that name, known are ${known}`);
}

/** What intake would say later, said now. The job id of the body, where it has one. */
function checkedJobId(body: Buffer, queue: string, rules: MessageRules): string | undefined {
  const message = { queue, body, messageId: null, attributes: {}, envelope: { transport: 'direct' as const } };
  const read = readMessage(message, rules);
  if ('job' in read) return read.job.jobId;
  const { type, reason } = read.rejected;
  throw new CommandError(CODES.parameters, `${type}: ${reason}`);
}
