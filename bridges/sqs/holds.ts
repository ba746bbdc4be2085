import type { Message } from '@aws-sdk/client-sqs';

import type { Clock } from '../../lib/clock.ts';

import { isFinalSqsError } from './errors.ts';

/** Of a bridge that dies, messages are seen again this soon; who lives extends it. */
export const VISIBILITY_SECONDS = 60;
/** Twice in a visibility: one call may fail. */
const EXTEND_EVERY_MS = 20_000;
/** SQS lets nobody hold a message for more than 12 hours from its receipt; a minute for calls and clocks. */
const LONGEST_MS = (12 * 60 - 1) * 60_000;

/** A message in flight. */
export interface Hold {
  /** Aborted when it cannot be held any more: after 12 hours, or when SQS has shown it to somebody else. */
  readonly lost: AbortSignal;
  letGo(): void;
}

export interface HoldsDeps {
  /** Makes a message invisible for so long from now. */
  hide(message: Message, seconds: number): Promise<void>;
  clock: Clock;
}

interface Held {
  message: Message;
  sinceMs: number;
  lost: AbortController;
}

/** Keeps messages from being seen until they are let go. One pause for all: most are let go long before it ends. */
export function createHolds({ hide, clock }: HoldsDeps): (message: Message) => Hold {
  const held = new Set<Held>();
  const always = new AbortController().signal;
  let isKeeping = false;

  async function keep(): Promise<void> {
    isKeeping = true;
    while (held.size > 0) {
      await clock.sleep(EXTEND_EVERY_MS, always);
      await Promise.all([...held].map(extend));
    }
    isKeeping = false;
  }

  async function extend(hold: Held): Promise<void> {
    const left = Math.floor((hold.sinceMs + LONGEST_MS - clock.now()) / 1_000);
    if (left <= 0) return lose(hold);
    try {
      await hide(hold.message, Math.min(left, VISIBILITY_SECONDS));
    } catch (error) {
      // The next one may succeed in time; a message that is seen again is recognised.
      if (isFinalSqsError(error)) lose(hold);
    }
  }

  function lose(hold: Held): void {
    held.delete(hold);
    hold.lost.abort();
  }

  return (message) => {
    const hold: Held = { message, sinceMs: clock.now(), lost: new AbortController() };
    held.add(hold);
    if (!isKeeping) void keep();
    return { lost: hold.lost.signal, letGo: () => void held.delete(hold) };
  };
}
