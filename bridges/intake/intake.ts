import type { Client } from '@temporalio/client';

import { systemClock, type Clock } from '../../lib/clock.ts';
import type { Acknowledge, Config } from '../../lib/config/config.ts';
import type { FailureType } from '../../lib/contract/failures.ts';
import { brokerIdentity, identityOf, originalMessageId, type Identity } from '../../lib/contract/identity.ts';
import type { JobInput, JobLimits, MessageBody } from '../../lib/contract/job-input.ts';
import { readMessage, type MessageRules, type ReadJob } from '../../lib/contract/job-message.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';
import { errorText, type Log } from '../../lib/log.ts';

import { leavesDeadLetter } from '../dead-letters/dead-letter.ts';
import { engineTrouble, isRefusal, startTrouble } from '../engine.ts';

import { isLarge, type BodyStore } from './body-store.ts';
import { createGate, type Gate } from './gate.ts';
import { inHand, type Attempt } from './in-hand.ts';
import { createRemarks } from './remarks.ts';
import { startJob, type StartOutcome } from './start-job.ts';

/** What becomes of a message; one function of each transport obeys it. */
export type Verdict =
  | { outcome: 'started' | 'duplicate'; workflowId: string }
  /** Its ids are those that a dead letter carries, so that it is the same job when it comes back. */
  | { outcome: 'rejected'; type: FailureType; reason: string; jobId: string | undefined; messageId: string | null }
  /** The engine or the store, not the message. */
  | { outcome: 'unavailable'; reason: string };

export interface IntakeDeps {
  client: Client;
  /** On the connection of the job worker, where this process has one. */
  besideWorker?: Client;
  config: Config;
  bodies: BodyStore;
  rules: MessageRules;
  log: Log;
  clock?: Clock;
}

export interface Intake {
  /** Parses, checks and starts. Tries for up to 60 s while the engine or the store is away. Never throws for a message. */
  judge(message: QueueMessage, signal: AbortSignal): Promise<Verdict>;
  /** Whether more may be received. */
  readonly gate: Gate;
}

export function createIntake(deps: IntakeDeps): Intake {
  const { client, config, bodies, rules, log, clock = systemClock } = deps;
  const remarks = createRemarks(log);
  let isStoreAway = false;
  let isStartFailing = false;

  const gate = createGate({
    probe: async () => {
      const trouble = (await engineTrouble(client)) ?? (isStartFailing ? await startTrouble(client) : undefined);
      isStartFailing &&= trouble !== undefined;
      if (trouble !== undefined || !isStoreAway) return trouble;
      return bodies.probe().then(
        () => void (isStoreAway = false),
        (error: unknown) => errorText(error),
      );
    },
    clock,
    log,
  });

  async function attempt(message: QueueMessage, job: ReadJob, identity: Identity): Promise<Attempt<Verdict>> {
    let body: MessageBody;
    try {
      body = await bodyOf(message, job, identity);
    } catch (error) {
      isStoreAway = true;
      return again(error);
    }
    try {
      const input = jobInput(message, job, identity, body, config);
      return verdictOf(await startJob(deps, input, identity, acknowledgeOf(message, config)), message, identity);
    } catch (error) {
      if (!isRefusal(error)) {
        isStartFailing = true;
        return again(error);
      }
      return { done: rejected(message, 'BadMessage', `the engine refuses it: ${errorText(error)}`, identity.jobId) };
    }
  }

  function again(error: unknown): { again: string } {
    const reason = errorText(error);
    gate.shut(reason);
    return { again: reason };
  }

  /** In place, or by reference when it would make the history heavy. */
  const bodyOf = async ({ queue, body }: QueueMessage, { text }: ReadJob, { workflowId }: Identity) =>
    isLarge(body) ? { reference: await bodies.keep(queue, workflowId, body) } : { text };

  return {
    gate,
    judge: async (message, signal) => {
      const read = readMessage(message, rules);
      if ('rejected' in read) return rejected(message, read.rejected.type, read.rejected.reason, read.rejected.jobId);
      const { job } = read;
      const identity = identityOf(message, job.jobId);
      remarks.unknownKeys(message.queue, job.unknownKeys);
      if (identity.isFresh) remarks.withoutMessageId(message.queue);
      const tried = await inHand(() => attempt(message, job, identity), clock, signal);
      return 'done' in tried ? tried.done : { outcome: 'unavailable', reason: tried.again };
    },
  };
}

/** Brokers but SQS, and queues without one, know the start alone. */
function acknowledgeOf({ queue: name }: QueueMessage, { queues }: Config): Acknowledge {
  const queue = queues.get(name);
  return queue?.kind === 'sqs' ? queue.acknowledge : 'on_start';
}

function verdictOf(outcome: StartOutcome, message: QueueMessage, { workflowId, jobId }: Identity): Attempt<Verdict> {
  switch (outcome) {
    case 'started':
    case 'duplicate':
      return { done: { outcome, workflowId } };
    case 'conflict': {
      const reason = `job ${jobId} of this queue exists already and came from a message with other content`;
      return { done: rejected(message, 'IdentityConflict', reason, jobId) };
    }
    case 'closing':
      return { again: `job ${jobId} is ending and has not closed yet` };
    default:
      return outcome satisfies never;
  }
}

function rejected(message: QueueMessage, type: FailureType, reason: string, jobId: string | undefined): Verdict {
  const messageId = originalMessageId(message);
  const identity = jobId ?? (messageId === null ? undefined : brokerIdentity(messageId));
  return { outcome: 'rejected', type, reason, jobId: identity, messageId };
}

function jobInput(
  { queue, envelope }: QueueMessage,
  { command, tasks, tenant, priority }: ReadJob,
  { jobId, messageId }: Identity,
  body: MessageBody,
  config: Config,
): JobInput {
  return {
    version: 1,
    queue,
    jobId,
    messageId,
    body,
    envelope,
    command,
    tasks,
    tenant,
    priority,
    limits: limitsOf(config, command),
    deadLetter: leavesDeadLetter(config.queues.get(queue)),
    reportsFailure: config.dqm.failureWebhook !== undefined,
    generation: 0,
    mayBeStaged: false,
  };
}

/** Bounds of a command: what `<user command>` says of it, else the file's own. */
export function limitsOf({ dqm }: Config, command?: string): JobLimits {
  const own = command === undefined ? undefined : dqm.commands.get(command);
  return {
    commandTimeoutMs: own?.timeoutMs ?? dqm.commandTimeoutMs,
    commandAttempts: own?.attempts ?? dqm.commandAttempts,
    heartbeatTimeoutMs: dqm.heartbeatTimeoutMs,
    taskRetryWindowMs: dqm.taskRetryWindowMs,
  };
}
