import { randomUUID } from 'node:crypto';

import type { Channel, ConsumeMessage } from 'amqplib';

export interface RoundDeps {
  channel: Channel;
  /** The broker's queue. */
  queue: string;
  /** At most so many deliveries. */
  most: number;
  /** At most so many that are not settled. */
  prefetch: number;
  onDelivery(delivery: ConsumeMessage, round: Round): void;
  /** The broker took the consumer away. */
  onCancelled(): void;
}

/** A consumer that is given at most so many messages. */
export interface Round {
  /** Call it before a delivery is settled: the broker may send another one for it at once. */
  beforeSettled(): Promise<void>;
  /** Aborted when the round has had its messages, or was ended. */
  readonly over: AbortSignal;
  /** Takes the consumer away; no message comes after it. */
  end(): Promise<void>;
}

/**
 * Half of what may come is not settled at a time: so the consumer is gone before the broker could send one too many, and
 * the other half comes without a word from us.
 */
export async function startRound(deps: RoundDeps): Promise<Round> {
  const { channel, queue, most, onDelivery, onCancelled } = deps;
  const prefetch = Math.max(1, Math.min(deps.prefetch, Math.floor(most / 2)));
  const consumerTag = randomUUID();
  const over = new AbortController();
  let came = 0;
  let unsettled = 0;
  let ended: Promise<unknown> | undefined;
  const round: Round = {
    beforeSettled: async () => {
      unsettled -= 1;
      if (prefetch - unsettled > most - came) await round.end();
    },
    over: over.signal,
    end: async () => {
      over.abort();
      ended ??= channel.cancel(consumerTag);
      await ended;
    },
  };
  await channel.prefetch(prefetch);
  const take = (delivery: ConsumeMessage | null): void => {
    if (delivery === null) return onCancelled();
    came += 1;
    unsettled += 1;
    onDelivery(delivery, round);
  };
  await channel.consume(queue, take, { consumerTag });
  return round;
}
