import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import type { QueueMessage } from '../lib/contract/queue-message.ts';
import { errorText, type Log } from '../lib/log.ts';
import { untilAborted } from '../lib/run.ts';

import type { Allowance } from './allowance/allowance.ts';
import { NowhereToPut, type HoldRejected, type Rejected } from './dead-letters/dead-letter.ts';
import type { ReportRejected } from './dead-letters/report-rejected.ts';
import type { WatchEndings } from './endings.ts';
import type { Intake, Verdict } from './intake/intake.ts';

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
  allowance: Allowance;
  holdRejected: HoldRejected;
  /** Absent: nobody is told. */
  reportRejected?: ReportRejected;
  /** How the jobs of a queue end. */
  watchEndings: WatchEndings;
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

/** To give back, in the end, what did not get finished; an open poll of SQS takes 5 s of it. */
const LAST_CALLS_MS = 8_000;

/** All that is in hand has ended, or the time for it has. Rejects with the first that does. */
export async function whenDrained(inHand: Iterable<Promise<unknown>>, drained: AbortSignal): Promise<void> {
  const allEnded = Promise.all(inHand);
  await untilAborted<unknown>(allEnded, drained, undefined);
  if (drained.aborted) await Promise.race([allEnded, delay(LAST_CALLS_MS, undefined, { ref: false })]);
}

/** Between looks at an engine that can start jobs but does not say what waits. */
const PAUSE_MS = 1_000;

/** How many messages may be received now, at most `most`: waits for the gate and for room. 0: ask again, or the end. */
export async function mayReceive(
  most: number,
  { intake: { gate }, allowance, stopping }: BridgeDeps & Pick<Ends, 'stopping'>,
  signal: AbortSignal,
): Promise<number> {
  // An engine that does not answer keeps both waiting; who stops does not wait with them.
  await untilAborted(gate.whenOpen(signal), stopping, undefined);
  if (signal.aborted) return 0;
  try {
    return await untilAborted(allowance.reserve(most, signal), stopping, 0);
  } catch (error) {
    gate.shut(errorText(error));
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    return 0;
  }
}

/**
 * From a received message to its settlement: judged, settled, counted, one log line; gives how it was settled. Rejects
 * when `settle` does.
 */
export async function takeIn(
  message: QueueMessage,
  settle: (verdict: Verdict) => Promise<void>,
  deps: BridgeDeps,
  { stopping, drained }: Ends,
): Promise<Verdict> {
  const { intake, allowance, metrics, log } = deps;
  const { queue } = message;
  const startMs = performance.now();
  metrics.received(queue);
  const judged = await untilAborted(intake.judge(message, stopping), drained, TOO_LATE);
  // It waits in the engine now, whether the broker hears of it or not.
  allowance.judged(judged.outcome === 'started');
  const verdict = await settled(message, judged, settle, deps);
  metrics.settled(queue, verdict.outcome);
  metrics.intake(queue, (performance.now() - startMs) / 1_000);
  tell(message, verdict, log);
  return verdict;
}

/** What was started all the same is recognised when the message comes again. */
const TOO_LATE: Verdict = { outcome: 'unavailable', reason: 'the bridge ends, drain_timeout is over' };

/** A message that nothing could keep goes back, as one that could not be started. */
async function settled(
  message: QueueMessage,
  verdict: Verdict,
  settle: (verdict: Verdict) => Promise<void>,
  { intake: { gate }, reportRejected }: BridgeDeps,
): Promise<Verdict> {
  try {
    // First: nobody would hear of a message that a process dies with after it was put aside.
    if (verdict.outcome === 'rejected') await reported(message, verdict, reportRejected);
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

async function reported(message: QueueMessage, verdict: Rejected, report: ReportRejected | undefined): Promise<void> {
  try {
    await report?.(message, verdict);
  } catch (error) {
    throw new NowhereToPut(errorText(error), { cause: error });
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
