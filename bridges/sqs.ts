import { setTimeout as delay } from 'node:timers/promises';

import type { Message, SQSClient } from '@aws-sdk/client-sqs';

import type { SqsQueueConfig } from '../lib/config/config.ts';
import type { DeadLetter } from '../lib/contract/dead-letter.ts';
import { errorText } from '../lib/log.ts';
import type { Running } from '../lib/run.ts';

import { takeIn, trackReadiness, type BridgeDeps } from './bridge.ts';
import { putAside } from './dead-letter.ts';
import type { Verdict } from './intake.ts';
import { sendSqsDeadLetter, sqsDeadLetterUrl } from './sqs-dead-letter.ts';
import { isFinalSqsError, shownUrl, sqsAdvice } from './sqs-errors.ts';
import { sqsQueueMessage } from './sqs-message.ts';
import { BATCH, createSqsQueue, type SqsQueue } from './sqs-queue.ts';

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
  const stopping = new AbortController();
  return { done: run(deps, stopping.signal), stop: () => stopping.abort() };
}

/** What one bridge's functions share. */
interface Bridge extends SqsBridgeDeps {
  calls: SqsQueue;
  deadLetterUrl: string | undefined;
  signal: AbortSignal;
  setBroker(isThere: boolean): void;
  /** Pollers at work: as many as the queue fills. */
  pollers: number;
  /** Once SQS has given an answer, an error is no mistake of the configuration any more. */
  hasReceived: boolean;
}

async function run(deps: SqsBridgeDeps, signal: AbortSignal): Promise<void> {
  const { sqs, queue, log } = deps;
  const ended = new AbortController();
  const bridge: Bridge = {
    ...deps,
    calls: createSqsQueue(sqs, queue.url),
    deadLetterUrl: queue.deadLetterUrl,
    signal: AbortSignal.any([signal, ended.signal]),
    setBroker: trackReadiness(deps, ended.signal),
    pollers: 0,
    hasReceived: false,
  };
  try {
    bridge.deadLetterUrl = await whenReachable(bridge, () => sqsDeadLetterUrl(sqs, queue, log, signal));
    if (signal.aborted) return;
    const deadLetters = bridge.deadLetterUrl === undefined ? 'held in workflows' : shownUrl(bridge.deadLetterUrl);
    log.info('Bridge started', { queue: queue.name, transport: 'sqs', deadLetters });
    await poll(bridge);
  } finally {
    bridge.setBroker(false);
    ended.abort();
  }
}

/** Receives and takes in, batch after batch. A full batch calls one more to help, an empty one sends a helper home. */
async function poll(bridge: Bridge): Promise<void> {
  const { calls, intake, signal } = bridge;
  const helpers = new Set<Promise<void>>();
  const isHelper = bridge.pollers > 0;
  bridge.pollers += 1;
  try {
    while (!signal.aborted) {
      await intake.gate.whenOpen(signal);
      const messages = (await whenReachable(bridge, () => calls.receive(signal))) ?? [];
      bridge.hasReceived = true;
      if (isHelper && messages.length === 0) return;
      if (messages.length === BATCH && bridge.pollers < MOST_POLLERS) {
        const helper = poll(bridge).finally(() => helpers.delete(helper));
        helpers.add(helper);
      }
      await Promise.all(messages.map((message) => handle(bridge, message)));
    }
  } finally {
    bridge.pollers -= 1;
    await Promise.all(helpers);
  }
}

/** A message that cannot be settled is seen again when its visibility ends, and recognised: told, never thrown. */
async function handle(bridge: Bridge, received: Message): Promise<void> {
  const { calls, queue, log, signal } = bridge;
  const message = sqsQueueMessage(queue.name, received);
  try {
    await calls.whileInvisible(received, () =>
      takeIn(message, (verdict) => settle(bridge, received, verdict), bridge, signal),
    );
  } catch (error) {
    const { messageId } = message;
    log.warn('Message not settled, the queue shows it again', {
      queue: queue.name,
      messageId,
      reason: errorText(error),
    });
  }
}

/** The only place that deletes or gives back. A process that dies in between leaves a second copy, never none. */
async function settle(bridge: Bridge, received: Message, verdict: Verdict): Promise<void> {
  const { calls, sqs, queue, deadLetterUrl: url } = bridge;
  switch (verdict.outcome) {
    case 'started':
    case 'duplicate':
      return calls.remove(received);
    case 'rejected': {
      const message = sqsQueueMessage(queue.name, received);
      const send = url === undefined ? undefined : (letter: DeadLetter) => sendSqsDeadLetter(sqs, url, letter);
      await putAside(message, verdict, send, bridge);
      return calls.remove(received);
    }
    case 'unavailable':
      // Cannot spin: nothing is received until a probe succeeds.
      return calls.giveBack(received);
    default:
      verdict satisfies never;
  }
}

/** Again and again, with one warning; what no waiting mends ends the bridge at its start. Undefined when it is stopped. */
async function whenReachable<T>(bridge: Bridge, call: () => Promise<T>): Promise<T | undefined> {
  const { queue, log, signal, setBroker } = bridge;
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const answer = await call();
      if (pauseMs > FIRST_PAUSE_MS) log.info('SQS queue reached', { queue: queue.name });
      setBroker(true);
      return answer;
    } catch (error) {
      if (signal.aborted) return undefined;
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
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
