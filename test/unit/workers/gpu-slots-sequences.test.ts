import type { SlotPermit, SlotReserveContext } from '@temporalio/worker';
import fc from 'fast-check';

import { createGpuSlot, type GpuSlot, type HeldSlot, type LetGo } from '../../../workers/gpu-slots.ts';

const context: SlotReserveContext = {
  slotType: 'activity',
  taskQueue: 'dqm-gpu-renders',
  workerIdentity: 'gpu@test/1',
  workerBuildId: '',
  isSticky: false,
};
const slotInfo = { type: 'activity', activityType: 'runCommand' } as const;
const MAX_STAGING = 2;

/** What is known from outside: what the SDK was given and what runs. */
interface Model {
  /** Permits that nobody gave back and no activity holds. */
  polling: SlotPermit[];
  /** Commands on the GPU. */
  rendering: { held: HeldSlot; permit: SlotPermit }[];
  /** Results on their way to the store. */
  staging: { held: HeldSlot; permit: SlotPermit }[];
  ended: { held: HeldSlot; permit: SlotPermit }[];
  holds: LetGo[];
  waiting: { abort: AbortController; permit: Promise<void> }[];
}

interface Real {
  slot: GpuSlot;
}

/** Promises that are due have run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Step = fc.AsyncCommand<Model, Real>;

const isFree = (model: Model): boolean =>
  model.holds.length === 0 &&
  model.polling.length === 0 &&
  model.rendering.length === 0 &&
  model.staging.length < MAX_STAGING;

function expectOneAtMost(model: Model): void {
  expect(model.polling.length + model.rendering.length).toBeLessThanOrEqual(1);
  // A permit that is free is not kept from those who wait.
  if (isFree(model)) expect(model.waiting).toHaveLength(0);
}

const expectGiven = (isGiven: boolean, wasFree: boolean): void => expect(isGiven).toBe(wasFree);

/** A step of the SDK or of an activity, possible while `check` says so. */
const step = (
  name: string,
  check: (model: Model) => boolean,
  run: (model: Model, slot: GpuSlot) => void,
): fc.Arbitrary<Step> =>
  fc.constant({
    toString: () => name,
    check,
    run: async (model, { slot }) => {
      run(model, slot);
      await settle();
      expectOneAtMost(model);
    },
  });

const any = (): boolean => true;

const STEPS = [
  step('reserve', any, (model, slot) => {
    const abort = new AbortController();
    const waiter = {
      abort,
      permit: slot.supplier.reserveSlot(context, abort.signal).then(
        (permit) => {
          model.waiting = model.waiting.filter((other) => other !== waiter);
          model.polling.push(permit);
        },
        () => undefined,
      ),
    };
    model.waiting.push(waiter);
  }),
  step('tryReserve', any, (model, slot) => {
    const wasFree = isFree(model);
    const permit = slot.supplier.tryReserveSlot(context);
    expectGiven(permit !== null, wasFree);
    if (permit) model.polling.push(permit);
  }),
  step(
    'call off',
    ({ waiting }) => waiting.length > 0,
    (model) => {
      model.waiting.shift()?.abort.abort(new Error('called off'));
    },
  ),
  step(
    'empty poll',
    ({ polling }) => polling.length > 0,
    (model, slot) => {
      const permit = model.polling.pop();
      if (permit) slot.supplier.releaseSlot({ permit });
    },
  ),
  step(
    'start',
    ({ polling }) => polling.length > 0,
    (model, slot) => {
      const permit = model.polling.pop();
      if (!permit) return;
      slot.supplier.markSlotUsed({ permit, slotInfo });
      model.rendering.push({ held: slot.take(), permit });
    },
  ),
  step(
    'last byte',
    ({ rendering }) => rendering.length > 0,
    (model) => {
      const command = model.rendering.pop();
      if (!command) return;
      model.staging.push(command);
      command.held.release();
    },
  ),
  step(
    'end',
    ({ rendering, staging }) => rendering.length + staging.length > 0,
    (model) => {
      const command = model.staging.pop() ?? model.rendering.pop();
      if (!command) return;
      model.ended.push(command);
      command.held.done();
    },
  ),
  step(
    'the SDK gives back what an activity gave back before',
    ({ ended }) => ended.length > 0,
    (model, slot) => {
      for (const { permit, held } of model.ended) {
        slot.supplier.releaseSlot({ permit });
        slot.supplier.markSlotUsed({ permit, slotInfo });
        held.release();
        held.done();
      }
    },
  ),
  step('hold', any, (model, slot) => void model.holds.push(slot.hold())),
  step(
    'let go, twice',
    ({ holds }) => holds.length > 0,
    (model) => {
      const letGo = model.holds.pop();
      letGo?.();
      letGo?.();
    },
  ),
];

test('whatever the SDK calls, in whatever order, one permit is out at most, and a free one is never withheld', async () => {
  const property = fc.asyncProperty(fc.commands(STEPS, { maxCommands: 60, size: 'max' }), async (steps) => {
    const model: Model = { polling: [], rendering: [], staging: [], ended: [], holds: [], waiting: [] };
    await fc.asyncModelRun(() => ({ model, real: { slot: createGpuSlot({ maxStaging: MAX_STAGING }) } }), steps);
    for (const { abort } of model.waiting) abort.abort(new Error('the test is over'));
  });
  await expect(fc.assert(property, { numRuns: 200 })).resolves.toBeUndefined();
});
