import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import { errorText } from '../../lib/log.ts';
import type { Running } from '../../lib/run.ts';

import { createEnds, mayReceive, takeIn, trackReadiness, whenDrained, type BridgeDeps, type Ends } from '../bridge.ts';
import { putAside } from '../dead-letters/dead-letter.ts';
import type { Verdict } from '../intake/intake.ts';

import { AmqpRefused, connectAmqp, ensureQueue, shownAddress } from './connection.ts';
import { createAmqpDeadLetters, type AmqpDeadLetters } from './dead-letter.ts';
import { amqpQueueMessage } from './message.ts';
import { startRound, type Round } from './round.ts';

export interface AmqpBridgeDeps extends BridgeDeps {
  queue: AmqpQueueConfig;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Messages for one consumer; then a new one begins. */
const LONGEST_ROUND = 10_000;

/** Takes messages of an AMQP queue in until it is stopped. Rejects when it finds at start that it never can. */
export function startAmqpBridge(deps: AmqpBridgeDeps): Running {
  const { stop, ...ends } = createEnds(deps);
  return { done: run(deps, ends), stop };
}

/** What one bridge's functions share. */
interface Bridge extends AmqpBridgeDeps, Ends {
  deadLetters: AmqpDeadLetters;
  setBroker(isThere: boolean): void;
  /** Of this connection and of earlier ones. */
  inHand: Set<Promise<void>>;
}

/** One connection after the other, the addresses in turn: amqplib's own recovery knows a single one. */
async function run(deps: AmqpBridgeDeps, ends: Ends): Promise<void> {
  const { queue, log } = deps;
  const ended = new AbortController();
  const { stopping } = ends;
  const bridge: Bridge = {
    ...deps,
    ...ends,
    deadLetters: createAmqpDeadLetters(queue, log),
    setBroker: trackReadiness(deps, ended.signal),
    inHand: new Set(),
  };
  let hasConsumed = false;
  let pauseMs = FIRST_PAUSE_MS;
  try {
    for (let attempt = 0; !stopping.aborted; attempt += 1) {
      const url = queue.urls[attempt % queue.urls.length] as string;
      try {
        await session(await connectAmqp(queue, url), bridge, () => {
          if (hasConsumed) log.info('RabbitMQ reached again', { queue: queue.name });
          else log.info('Bridge started', { queue: queue.name, transport: 'amqp', broker: shownAddress(url) });
          hasConsumed = true;
          pauseMs = FIRST_PAUSE_MS;
        });
      } catch (error) {
        // Once it has worked, a missing queue is on its way back: a node restarts, somebody moves it.
        if (error instanceof AmqpRefused && !hasConsumed) throw error;
        if (pauseMs === FIRST_PAUSE_MS && !stopping.aborted) {
          const reason = errorText(error);
          log.warn('RabbitMQ unreachable, trying again until it answers', { queue: queue.name, reason });
        }
      }
      bridge.setBroker(false);
      if (stopping.aborted) break;
      await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  } finally {
    bridge.setBroker(false);
    ended.abort();
    await whenDrained(bridge.inHand, ends.drained);
    await bridge.deadLetters.close();
  }
}

/** From a fresh connection to its end. Rejects when it broke, settles when the bridge is stopped. */
async function session(connection: ChannelModel, bridge: Bridge, onOpen: () => void): Promise<void> {
  const { queue, stopping, drained, setBroker } = bridge;
  const broken = new AbortController();
  const breaks = (error?: Error): void => broken.abort(error ?? new Error('the connection was closed'));
  connection.on('close', breaks);
  try {
    await ensureQueue(connection, queue);
    const channel = await connection.createChannel();
    channel.on('error', breaks).on('close', () => breaks(new Error('the channel was closed')));
    onOpen();
    setBroker(true);
    const either = AbortSignal.any([stopping, broken.signal]);
    while (!either.aborted) {
      const most = await mayReceive(LONGEST_ROUND, bridge, either);
      if (most > 0) await consume(most, channel, bridge, either, breaks);
    }
    if (broken.signal.aborted) throw broken.signal.reason;
    await whenDrained(bridge.inHand, drained);
    // First the channel: amqplib lets the connection's end overtake what is still to be sent on it.
    await channel.close();
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** Where a delivery came from. */
interface Source {
  channel: Channel;
  round: Round;
}

/** Consumes up to `most` messages, until `signal` is aborted or no more may be taken. What is in hand then goes on. */
async function consume(
  most: number,
  channel: Channel,
  bridge: Bridge,
  signal: AbortSignal,
  breaks: (error: Error) => void,
): Promise<void> {
  const { allowance, intake, queue } = bridge;
  const shut = new AbortController();
  let came = 0;
  try {
    const round = await startRound({
      channel,
      queue: queue.queue,
      most,
      prefetch: queue.prefetch,
      onDelivery: (delivery, round) => {
        came += 1;
        const work: Promise<void> = handle(delivery, { channel, round }, bridge).finally(() =>
          bridge.inHand.delete(work),
        );
        bridge.inHand.add(work);
      },
      onCancelled: () => breaks(new Error('the broker took the consumer away: is the queue gone?')),
    });
    const until = AbortSignal.any([signal, shut.signal, round.over]);
    intake.gate.watch((isOpen) => isOpen || shut.abort(), until);
    allowance.whenClosed(until).then(
      () => shut.abort(),
      (error: unknown) => intake.gate.shut(errorText(error)),
    );
    if (!until.aborted && intake.gate.isOpen) await once(until, 'abort');
    shut.abort();
    // On a channel that is gone so is the consumer.
    await onChannel(bridge, () => round.end());
  } finally {
    allowance.giveBack(most - came);
  }
}

/** So often at most does a message go back that its dead-letter target may take later: a broker knows no pause. */
const GIVE_BACK_PAUSE_MS = 5_000;

/** A delivery that cannot be settled comes again, and is recognised: told, never thrown. */
async function handle(delivery: ConsumeMessage, source: Source, bridge: Bridge): Promise<void> {
  const { queue, log } = bridge;
  const message = amqpQueueMessage(queue.name, delivery);
  try {
    await takeIn(message, (verdict) => settle(delivery, verdict, source, bridge), bridge, bridge);
  } catch (error) {
    const { messageId } = message;
    log.warn('Message not settled, the broker delivers it again', {
      queue: queue.name,
      messageId,
      reason: errorText(error),
    });
    await delay(GIVE_BACK_PAUSE_MS, undefined, { signal: bridge.stopping }).catch(() => undefined);
    await settleOnChannel(source, bridge, () => source.channel.nack(delivery, false, true));
  }
}

/** The only place that acknowledges. A process that dies in between leaves a second copy, never none. */
async function settle(delivery: ConsumeMessage, verdict: Verdict, source: Source, bridge: Bridge): Promise<void> {
  const { channel } = source;
  const { queue, deadLetters } = bridge;
  const answer = (settlement: () => void): Promise<void> => settleOnChannel(source, bridge, settlement);
  switch (verdict.outcome) {
    case 'started':
    case 'duplicate':
      return answer(() => channel.ack(delivery));
    case 'rejected': {
      // `dead_letter broker`: the queue's own target takes what is rejected.
      if (queue.deadLetter?.kind === 'broker') return answer(() => channel.reject(delivery, false));
      const message = amqpQueueMessage(queue.name, delivery);
      await putAside(message, verdict, deadLetters.send, bridge);
      return answer(() => channel.ack(delivery));
    }
    case 'unavailable':
      // Cannot spin: nothing is received until a probe succeeds.
      return answer(() => channel.nack(delivery, false, true));
    default:
      verdict satisfies never;
  }
}

const settleOnChannel = ({ round }: Source, bridge: Bridge, settlement: () => void): Promise<void> =>
  onChannel(bridge, async () => {
    await round.beforeSettled();
    settlement();
  });

/** On a channel that is gone the delivery is gone too: it comes again, and is recognised. */
async function onChannel({ queue, log }: Bridge, settlement: () => void | Promise<void>): Promise<void> {
  try {
    await settlement();
  } catch (error) {
    log.debug('The channel has ended, the broker delivers again', { queue: queue.name, reason: errorText(error) });
  }
}
