import type { Clock } from '../../lib/clock.ts';

/** Longer, and a broker might take the message for lost: SQS shows it again, RabbitMQ closes the channel. */
const IN_HAND_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export type Attempt<T> = { done: T } | { again: string };

/**
 * Keeps a message in hand: tries until it works, for up to 60 s, or once when `signal` is aborted. `again` says why it
 * did not work.
 */
export async function inHand<T>(
  attempt: () => Promise<Attempt<T>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Attempt<T>> {
  const giveUpAt = clock.now() + IN_HAND_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const tried = await attempt();
    if ('done' in tried || signal.aborted || clock.now() + pauseMs > giveUpAt) return tried;
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) return tried;
  }
}
