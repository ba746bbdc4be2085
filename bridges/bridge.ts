import { setMaxListeners } from 'node:events';

import type { QueueMessage } from '../lib/contract/queue-message.ts';
import type { Log } from '../lib/log.ts';
import { untilAborted } from '../lib/run.ts';

import { NowhereToPut, type HoldRejected } from './dead-letter.ts';
import type { Gate } from './gate.ts';
import type { Intake, Verdict } from './intake.ts';

/** What a bridge counts. */
export interface BridgeMetrics {
  received(queue: string): void;
  settled(queue: string, outcome: Verdict['outcome']): void;
  /** From received to acknowledged. */
  intake(queue: string, seconds: number): void;
}

/** What the bridges of all transports are given. */
export interface BridgeDeps {
  intake: Intake;
  holdRejected: HoldRejected;
  metrics: BridgeMetrics;
  log: Log;
  /** How long a bridge that stops finishes what it has in hand. */
  drainTimeoutMs: number;
  /** Whether it can take messages in now: its broker, the engine and the store answer. */
  onReady(ready: boolean): void;
}

/** The two ends of a bridge. */
export interface Ends {
  /** It asks for nothing more, and tries once what it has in hand. */
  readonly stopping: AbortSignal;
  /** `drain_timeout` later: what is in hand still goes back. */
  readonly drained: AbortSignal;
}

export function createEnds({ drainTimeoutMs }: Pick<BridgeDeps, 'drainTimeoutMs'>): Ends & { stop(): void } {
  const stopping = new AbortController();
  const drained = new AbortController();
  // Each message in hand listens.
  setMaxListeners(0, stopping.signal, drained.signal);
  return {
    stopping: stopping.signal,
    drained: drained.signal,
    stop: () => {
      if (stopping.signal.aborted) return;
      stopping.abort();
      setTimeout(() => drained.abort(), drainTimeoutMs).unref();
    },
  };
}

/** All that is in hand has ended, or the time for it has. */
export async function whenDrained(inHand: Iterable<Promise<unknown>>, drained: AbortSignal): Promise<void> {
  await untilAborted<unknown>(Promise.allSettled(inHand), drained, undefined);
}

/**
 * From a received message to its settlement: judged, settled, counted, one log line; gives how it was settled. Rejects
 * when `settle` does.
 */
export async function takeIn(
  message: QueueMessage,
  settle: (verdict: Verdict) => Promise<void>,
  { intake, metrics, log }: BridgeDeps,
  { stopping, drained }: Ends,
): Promise<Verdict> {
  const { queue } = message;
  const startMs = performance.now();
  metrics.received(queue);
  const judged = await untilAborted(intake.judge(message, stopping), drained, TOO_LATE);
  const verdict = await settled(judged, settle, intake.gate);
  metrics.settled(queue, verdict.outcome);
  metrics.intake(queue, (performance.now() - startMs) / 1_000);
  tell(message, verdict, log);
  return verdict;
}

/** What was started all the same is recognised when the message comes again. */
const TOO_LATE: Verdict = { outcome: 'unavailable', reason: 'the bridge ends, drain_timeout is over' };

/** A message that nothing could keep goes back, as one that could not be started. */
async function settled(verdict: Verdict, settle: (verdict: Verdict) => Promise<void>, gate: Gate): Promise<Verdict> {
  try {
    await settle(verdict);
    return verdict;
  } catch (error) {
    if (!(error instanceof NowhereToPut)) throw error;
    gate.shut(error.message);
    const unavailable: Verdict = { outcome: 'unavailable', reason: error.message };
    await settle(unavailable);
    return unavailable;
  }
}

function tell({ queue, messageId }: QueueMessage, verdict: Verdict, log: Log): void {
  const { outcome } = verdict;
  const facts = { queue, messageId, outcome };
  switch (outcome) {
    case 'started':
    case 'duplicate':
      return log.info('Message settled', { ...facts, workflowId: verdict.workflowId });
    case 'rejected':
      return log.warn('Message rejected', { ...facts, type: verdict.type, reason: verdict.reason });
    case 'unavailable':
      return log.warn('Message given back', { ...facts, reason: verdict.reason });
    default:
      outcome satisfies never;
  }
}

/** Ready is who has its broker while the gate is open. */
export function trackReadiness(
  { intake: { gate }, onReady }: BridgeDeps,
  signal: AbortSignal,
): (hasBroker: boolean) => void {
  let hasBroker = false;
  const tellReady = (): void => onReady(hasBroker && gate.isOpen);
  gate.watch(tellReady, signal);
  return (has) => {
    hasBroker = has;
    tellReady();
  };
}
