import { once } from 'node:events';

import type { Clock } from '../../lib/clock.ts';
import type { MaxWaitingJobs } from '../../lib/config/config.ts';
import { kept } from '../../lib/kept.ts';
import type { Log } from '../../lib/log.ts';

import { createDispatchRate } from './dispatch-rate.ts';
import type { Farm, Slots } from './farm.ts';

/** How many messages of a queue a bridge may take: what waits inside the engine is bounded by `max_waiting_jobs`. */
export interface Allowance {
  /** Waits until a message may be taken, then reserves up to `most`; 0 once `signal` is aborted. Rejects as the engine does. */
  reserve(most: number, signal: AbortSignal): Promise<number>;
  /** So many of the reserved ones did not come. */
  giveBack(count: number): void;
  /** A reserved message came, and has been judged. */
  judged(hasStarted: boolean): void;
  /** Settles when what is reserved must not be waited for any longer, or with `signal`: no ready host, paused, enough waits. */
  whenClosed(signal: AbortSignal): Promise<void>;
}

export interface AllowanceDeps {
  queue: string;
  maxWaitingJobs: MaxWaitingJobs;
  farm: Farm;
  clock: Clock;
  log: Log;
}

/** `auto` on an engine that cannot list workers. */
export const AUTO_WITHOUT_WORKERS = 100;
/** One that begins next, one behind it. */
const WAITING_PER_SLOT = 2;
/** So much work of short commands covers the way from the broker to the GPU. */
const SECONDS_OF_WORK = 2;
/** From a start to its command in the task queue, with a job worker at hand. */
const ON_ITS_WAY_MS = 50;
/** While there is no room: first as often as short commands end, then as seldom as costs the engine little. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 250;
/** While there is no host, or a pause: how soon the end of that is seen. */
const CLOSED_PAUSE_MS = 1_000;
/** Slots change slowly. */
const SLOTS_MS = 1_000;
/** While job workers fall behind, what a bridge starts in so long counts nowhere. */
const STEPS_MS = 100;
const BRIDGES_MS = 10_000;
/** A production engine allows ten visibility queries a second, for all who ask. */
const VISIBILITY_MS = 3_000;

/** What one look at the engine found. */
interface Room {
  /** `Infinity`: none. 0: closed. */
  limit: number;
  waiting: number;
  /** What was started later than this is not among those that wait. */
  asOfMs: number;
}

export function createAllowance({ queue, maxWaitingJobs, farm, clock, log }: AllowanceDeps): Allowance {
  const rate = createDispatchRate();
  const slotsSeen = kept(clock, SLOTS_MS, () => farm.slots());
  const stepsSeen = kept(clock, STEPS_MS, () => farm.workflowTasks());
  const bridgesSeen = kept(clock, BRIDGES_MS, () => farm.bridges());
  const unfinishedSeen = kept(clock, VISIBILITY_MS, () => farm.unfinishedCommands());
  const pauseSeen = kept(clock, CLOSED_PAUSE_MS, async () => (await farm.gpuQueue()).paused);
  let reserved = 0;
  let startsMs: number[] = [];
  let started = 0;
  let closedBy: string | undefined;
  let isBlindTold = false;

  const startedSince = (ms: number): number => startsMs.filter((atMs) => atMs >= ms).length;

  async function look(): Promise<Room> {
    const asOfMs = clock.now() - ON_ITS_WAY_MS;
    if (maxWaitingJobs === 'unlimited') return room({ limit: Infinity, waiting: 0, asOfMs }, await pauseSeen());
    const [{ waiting, dispatchRate, paused }, steps, slots] = await Promise.all([
      farm.gpuQueue(),
      stepsSeen(),
      maxWaitingJobs === 'auto' ? slotsSeen() : undefined,
    ]);
    startsMs = startsMs.filter((atMs) => atMs > asOfMs - VISIBILITY_MS);
    const onItsWay = startedSince(asOfMs);
    // What no job worker has taken has not begun either: it would pass for a command that a host took.
    rate.saw({
      atMs: clock.now(),
      started: started - startedSince(Math.min(asOfMs, stepsSeen.atMs())),
      waiting: waiting + steps,
    });
    const limit = limitOf(slots, Math.max(rate.perSecond(), dispatchRate));
    const atMost = waiting + steps;
    const isFull = atMost + onItsWay >= limit && limit > 0;
    return room({ limit, waiting: isFull ? Math.min(atMost, await notBegun(slots)) : atMost, asOfMs }, paused);
  }

  /** Says once when nothing may be taken at all, and once when it goes on. */
  function room(open: Room, paused: { by: string } | null): Room {
    const why = paused
      ? `the queue is paused by ${paused.by}`
      : open.limit === 0
        ? 'no render host is ready'
        : undefined;
    if (why !== undefined && why !== closedBy) log.info('Messages stay in the broker', { queue, reason: why });
    if (why === undefined && closedBy !== undefined) log.info('Messages are taken again', { queue });
    closedBy = why;
    return why === undefined ? open : { ...open, limit: 0 };
  }

  function limitOf(slots: Slots | undefined, perSecond: number): number {
    if (maxWaitingJobs !== 'auto') return Number(maxWaitingJobs);
    if (slots === undefined) return withoutWorkers();
    if (slots.ready === 0) return 0;
    return Math.max(WAITING_PER_SLOT * slots.ready, Math.ceil(SECONDS_OF_WORK * perSecond));
  }

  function withoutWorkers(): number {
    if (!isBlindTold) {
      log.warn('The engine cannot list workers: max_waiting_jobs auto is a fixed number', {
        queue,
        maxWaitingJobs: AUTO_WITHOUT_WORKERS,
      });
    }
    isBlindTold = true;
    return AUTO_WITHOUT_WORKERS;
  }

  /**
   * The task queues hold the inner commands of chains, and steps of other queues, too. Visibility counts jobs, but cannot
   * tell those that wait from those that run or wait for their next attempt. So neither is less than the truth.
   */
  async function notBegun(slots: Slots | undefined): Promise<number> {
    const unfinished = await unfinishedSeen();
    const running = slots ? slots.ready - slots.idle : 0;
    return Math.max(unfinished - running, 0) + startedSince(unfinishedSeen.atMs());
  }

  return {
    reserve: async (most, signal) => {
      for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        const { limit, waiting, asOfMs } = await look();
        const bridges = limit === Infinity ? 1 : await bridgesSeen();
        // Nothing is awaited from here on: another poller of this bridge may have asked at the same time.
        const free = limit - waiting - startedSince(asOfMs) - reserved;
        const count = Math.min(most, Math.ceil(free / bridges));
        if (count > 0 && !signal.aborted) {
          reserved += count;
          return count;
        }
        await clock.sleep(closedBy === undefined ? pauseMs : CLOSED_PAUSE_MS, signal);
      }
      return 0;
    },
    giveBack: (count) => {
      reserved -= count;
    },
    judged: (hasStarted) => {
      reserved -= 1;
      if (!hasStarted || maxWaitingJobs === 'unlimited') return;
      started += 1;
      startsMs.push(clock.now());
    },
    whenClosed: async (signal) => {
      for (;;) {
        await clock.sleep(CLOSED_PAUSE_MS, signal);
        if (signal.aborted) return;
        const { limit, waiting } = await look();
        if (waiting >= limit) return;
      }
    },
  };
}

/** Of a bridge that starts nothing. */
export const NO_LIMIT: Allowance = {
  reserve: async (most, signal) => (signal.aborted ? 0 : most),
  giveBack: () => undefined,
  judged: () => undefined,
  whenClosed: async (signal) => {
    if (!signal.aborted) await once(signal, 'abort');
  },
};
