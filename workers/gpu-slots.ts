import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';

import type { HeldGpu } from '../activities/render.ts';

/** The one GPU of a RealityServer, as Temporal's worker sees it: a permit to poll for one command. */
export interface GpuSlot {
  readonly supplier: CustomSlotSupplier<ActivitySlotInfo>;
  /** Called by the activity that the permit was given for. */
  take(): HeldGpu;
  /** The command on the GPU will soon be over: one more permit may go out, for the one after it. */
  callAhead(): void;
  /** No permit until the hold that this gives is let go; a permit that is out already cannot be called back. */
  hold(): LetGo;
}

/** One reason for which a slot is closed; it opens when there is none. Calls after the first do nothing. */
export type LetGo = () => void;

interface Permit extends SlotPermit {
  readonly number: number;
  /** Given while another command was on the GPU. */
  readonly isAhead: boolean;
}

export interface GpuSlotOptions {
  /** Results on their way to the store, beyond which the GPU waits. */
  maxStaging: number;
  /** A free GPU waits for the store, or no longer. */
  onStoreWait?(waits: boolean): void;
}

/**
 * One permit at a time, and a second one after `callAhead`, handed out while nothing holds the slot and fewer than
 * `maxStaging` results are on their way to the store. It goes back with the command's last byte, not with the end of the
 * activity, so the worker's own `releaseSlot`, which comes later and twice, finds nothing to do.
 */
export function createGpuSlot({ maxStaging, onStoreWait }: GpuSlotOptions): GpuSlot {
  const waiting = new Set<() => void>();
  let permits = 0;
  /** Of the command on the GPU, or of the poll for it. */
  let out: Permit | undefined;
  let ahead: Permit | undefined;
  let mayCallAhead = false;
  /** Permits are used in the order in which they were given. */
  let lastTaken = 0;
  let nextInTurn = (): void => undefined;
  let staging = 0;
  let holds = 0;
  let waitsForStore = false;

  const mayReserve = (): boolean => holds === 0 && staging < maxStaging && (out === undefined || mayCallAhead);
  const reserve = (): Permit => {
    permits += 1;
    if (out === undefined) return (out = { number: permits, isAhead: false });
    mayCallAhead = false;
    return (ahead = { number: permits, isAhead: true });
  };
  const giveBack = (permit: Permit): void => {
    if (ahead?.number === permit.number) ahead = undefined;
    if (out?.number === permit.number) {
      out = ahead;
      ahead = undefined;
      mayCallAhead = false;
      nextInTurn();
    }
    wake();
  };
  /** One at a time: the first that reserves closes the door for the rest. */
  const wake = (): void => {
    for (const attempt of waiting) {
      if (!mayReserve()) break;
      attempt();
    }
    const waits = waiting.size > 0 && holds === 0 && out === undefined && staging >= maxStaging;
    if (waits !== waitsForStore) onStoreWait?.(waits);
    waitsForStore = waits;
  };

  return {
    supplier: {
      type: 'custom',
      reserveSlot: (_context, signal) =>
        new Promise<SlotPermit>((resolve, reject) => {
          const attempt = (): void => {
            waiting.delete(attempt);
            signal.removeEventListener('abort', giveUp);
            resolve(reserve());
          };
          const giveUp = (): void => {
            waiting.delete(attempt);
            reject(signal.reason as Error);
          };
          if (signal.aborted) return giveUp();
          waiting.add(attempt);
          signal.addEventListener('abort', giveUp, { once: true });
          wake();
        }),
      tryReserveSlot: () => (mayReserve() ? reserve() : null),
      markSlotUsed: () => undefined,
      releaseSlot: ({ permit }) => giveBack(permit as Permit),
    },
    take: () => {
      const permit = out && out.number > lastTaken ? out : ahead;
      lastTaken = permit?.number ?? lastTaken;
      staging += 1;
      let isStaging = true;
      const isInTurn = (): boolean => out?.number === permit?.number;
      return {
        turn: async (signal) => {
          if (!isInTurn()) {
            await new Promise<void>((resolve) => {
              nextInTurn = resolve;
              signal.addEventListener('abort', () => resolve(), { once: true });
              if (signal.aborted) resolve();
            });
          }
          return isInTurn() && !(permit?.isAhead && holds > 0);
        },
        release: () => permit && giveBack(permit),
        done: () => {
          if (isStaging) staging -= 1;
          isStaging = false;
          if (permit) giveBack(permit);
          wake();
        },
      };
    },
    callAhead: () => {
      mayCallAhead = out !== undefined && out.number <= lastTaken && ahead === undefined;
      wake();
    },
    hold: () => {
      holds += 1;
      let isHeld = true;
      return () => {
        if (isHeld) holds -= 1;
        isHeld = false;
        wake();
      };
    },
  };
}
