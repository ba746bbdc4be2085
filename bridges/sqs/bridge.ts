import { setTimeout as delay } from 'node:timers/promises';

import type { Message, SQSClient } from '@aws-sdk/client-sqs';

import type { SqsQueueConfig } from '../../lib/config/config.ts';
import type { DeadLetter } from '../../lib/contract/dead-letter.ts';
import { errorText } from '../../lib/log.ts';
import type { Running } from '../../lib/run.ts';

import { createEnds, mayReceive, takeIn, trackReadiness, whenDrained, type BridgeDeps, type Ends } from '../bridge.ts';
import { putAside } from '../dead-letters/dead-letter.ts';
import type { Verdict } from '../intake/intake.ts';

import { completionRefusal, createCompletions, type Completions } from './completion.ts';
import { sendSqsDeadLetter, sqsDeadLetterUrl } from './dead-letter.ts';
import { isFinalSqsError, shownUrl, sqsAdvice } from './errors.ts';
import { sqsQueueMessage } from './message.ts';
import { BATCH, createSqsQueue, isFifo, type SqsQueue } from './queue.ts';

export interface SqsBridgeDeps extends BridgeDeps {
  sqs: SQSClient;
  queue: SqsQueueConfig;
}

/** Each waits for its batch: more of them overlap the waits for the broker with those for the engine. */
const MOST_POLLERS = 4;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Takes messages of an SQS queue in until it is stopped. Rejects when it finds at start that it never can. */
export function startSqsBridge(deps: SqsBridgeDeps): Running {
  const { stop, ...ends } = createEnds(deps);
  return { done: run(deps, ends), stop };
}

/** What one bridge's functions share. */
interface Bridge extends SqsBridgeDeps, Ends {
  calls: SqsQueue;
  completions: Completions;
  deadLetterUrl: string | undefined;
  setBroker(isThere: boolean): void;
  /** Pollers at work: as many as the queue fills. */
  pollers: number;
  /** Once SQS has given an answer, an error is no mistake of the configuration any more. */
  hasReceived: boolean;
}

async function run(deps: SqsBridgeDeps, ends: Ends): Promise<void> {
  const { sqs, queue, log } = deps;
  const ended = new AbortController();
  const calls = createSqsQueue(sqs, queue.url);
  const endings = deps.watchEndings(queue.name, ended.signal);
  const bridge: Bridge = {
    ...deps,
    ...ends,
    calls,
    completions: createCompletions({ queue, calls, endings, log }, ends),
    deadLetterUrl: queue.deadLetterUrl,
    setBroker: trackReadiness(deps, ended.signal),
    pollers: 0,
    hasReceived: false,
  };
  try {
    // Asks SQS in any case: ready is only who was answered.
    bridge.deadLetterUrl = await whenReachable(bridge, () => sqsDeadLetterUrl(sqs, queue, log, ends.stopping));
    const refusal = await whenReachable(bridge, () => completionRefusal(sqs, queue, ends.stopping));
    if (refusal !== undefined) throw new Error(refusal);
    if (ends.stopping.aborted) return;
    const deadLetters = bridge.deadLetterUrl === undefined ? 'held in workflows' : shownUrl(bridge.deadLetterUrl);
    log.info('Bridge started', { queue: queue.name, transport: 'sqs', deadLetters });
    await whenDrained([poll(bridge)], ends.drained);
    await whenDrained([bridge.completions.whenSettled()], ends.drained);
  } finally {
    bridge.setBroker(false);
    ended.abort();
  }
}

/**
 * Receives and takes in, batch after batch. A full batch calls one more to help, an empty one sends a helper home. What
 * an open poll still brings to a bridge that stops is in hand like the rest.
 */
async function poll(bridge: Bridge): Promise<void> {
  const { calls, allowance, stopping, drained } = bridge;
  const helpers = new Set<Promise<void>>();
  const isHelper = bridge.pollers > 0;
  bridge.pollers += 1;
  try {
    while (!stopping.aborted) {
      const most = await mayReceive(BATCH, bridge, stopping);
      if (most === 0) continue;
      const messages = (await whenReachable(bridge, () => calls.receive(most))) ?? [];
      allowance.giveBack(most - messages.length);
      bridge.hasReceived = true;
      if (isHelper && messages.length === 0) return;
      if (messages.length === BATCH && bridge.pollers < MOST_POLLERS) {
        const helper = poll(bridge).finally(() => helpers.delete(helper));
        helpers.add(helper);
      }
      await whenDrained(
        inOrder(messages, bridge).map((group) => handleInOrder(bridge, group)),
        drained,
      );
    }
  } finally {
    bridge.pollers -= 1;
    await Promise.all(helpers);
  }
}

/** In a FIFO queue the messages of one group stay together, in their order; elsewhere each is alone. */
function inOrder(messages: readonly Message[], { queue }: Bridge): Message[][] {
  if (!isFifo(queue.url)) return messages.map((message) => [message]);
  const groups = new Map<string | undefined, Message[]>();
  for (const message of messages) {
    const group = message.Attributes?.MessageGroupId;
    groups.set(group, [...(groups.get(group) ?? []), message]);
  }
  return [...groups.values()];
}

/** One after the other: when one goes back, those behind it do, too. SQS shows none of a group out of order. */
async function handleInOrder(bridge: Bridge, messages: readonly Message[]): Promise<void> {
  const entries = messages.map((received) => ({ received, hold: bridge.calls.hold(received) }));
  let isBlocked = false;
  for (const { received, hold } of entries) {
    const verdict = await handle(isBlocked ? givingBack(bridge) : bridge, received);
    isBlocked ||= verdict === undefined || verdict.outcome === 'unavailable';
    if (verdict && isKept(bridge, verdict)) {
      const { workflowId, outcome } = verdict;
      bridge.completions.keep({ received, hold, workflowId, isNew: outcome === 'started' });
    } else hold.letGo();
  }
}

type InTheEngine = Extract<Verdict, { workflowId: string }>;

/** `acknowledge on_completion`: its message stays in flight until the job ends, a duplicate's as long as that of the first. */
const isKept = ({ queue }: Bridge, verdict: Verdict): verdict is InTheEngine =>
  queue.acknowledge === 'on_completion' && 'workflowId' in verdict;

/** A bridge that starts nothing. */
const givingBack = (bridge: Bridge): Bridge => ({
  ...bridge,
  intake: {
    gate: bridge.intake.gate,
    judge: async () => ({ outcome: 'unavailable', reason: 'the message before it in its group went back' }),
  },
});

/**
 * Gives how a message was settled. One that cannot be settled is seen again when its visibility ends, and recognised:
 * told, never thrown.
 */
async function handle(bridge: Bridge, received: Message): Promise<Verdict | undefined> {
  const { queue, log } = bridge;
  const message = sqsQueueMessage(queue.name, received);
  try {
    return await takeIn(message, (verdict) => settle(bridge, received, verdict), bridge, bridge);
  } catch (error) {
    const { messageId } = message;
    log.warn('Message not settled, the queue shows it again', {
      queue: queue.name,
      messageId,
      reason: errorText(error),
    });
    return undefined;
  }
}

/** The only place that deletes or gives back, but for messages whose jobs must end first. A process that dies in between leaves a second copy, never none. */
async function settle(bridge: Bridge, received: Message, verdict: Verdict): Promise<void> {
  const { calls, sqs, queue, deadLetterUrl: url, stopping } = bridge;
  switch (verdict.outcome) {
    case 'started':
    case 'duplicate':
      return isKept(bridge, verdict) ? undefined : calls.remove(received, stopping);
    case 'rejected': {
      const message = sqsQueueMessage(queue.name, received);
      const send = url === undefined ? undefined : (letter: DeadLetter) => sendSqsDeadLetter(sqs, url, letter);
      await putAside(message, verdict, send, bridge);
      return calls.remove(received, stopping);
    }
    case 'unavailable':
      // Cannot spin: nothing is received until a probe succeeds.
      return calls.giveBack(received, stopping);
    default:
      verdict satisfies never;
  }
}

/** Again and again, with one warning; what no waiting mends ends the bridge at its start. Undefined when it is stopped. */
async function whenReachable<T>(bridge: Bridge, call: () => Promise<T>): Promise<T | undefined> {
  const { queue, log, stopping, setBroker } = bridge;
  for (let pauseMs = FIRST_PAUSE_MS; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const answer = await call();
      if (pauseMs > FIRST_PAUSE_MS) log.info('SQS queue reached', { queue: queue.name });
      setBroker(true);
      return answer;
    } catch (error) {
      if (stopping.aborted) return undefined;
      if (isFinalSqsError(error) && !bridge.hasReceived) {
        throw new Error(`queue ${queue.name}: ${shownUrl(queue.url)}: ${sqsAdvice(error)}`, { cause: error });
      }
      if (pauseMs === FIRST_PAUSE_MS) {
        log.warn('SQS queue unreachable, trying again until it answers', {
          queue: queue.name,
          reason: errorText(error),
        });
      }
      setBroker(false);
      await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
  return undefined;
}
