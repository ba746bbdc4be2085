import type { SlotPermit, SlotReserveContext } from '@temporalio/worker';
import fc from 'fast-check';

import type { HeldGpu } from '../../../activities/render.ts';
import { createGpuSlot, type GpuSlot, type LetGo } from '../../../workers/gpu-slots.ts';

const context: SlotReserveContext = {
  slotType: 'activity',
  taskQueue: 'dqm-gpu-renders',
  workerIdentity: 'gpu@test/1',
  workerBuildId: '',
  isSticky: false,
};
const slotInfo = { type: 'activity', activityType: 'runCommand' } as const;
const MAX_STAGING = 2;

interface Command {
  held: HeldGpu;
  permit: SlotPermit;
}

/** What is known from outside: what the SDK was given and what runs. */
interface Model {
  /** Permits that nobody gave back and no activity holds. */
  polling: SlotPermit[];
  /** Commands on the GPU: one at most. */
  rendering: Command[];
  /** Those that were called ahead of their turn: one at most. */
  waitingForTurn: Command[];
  /** The command on the GPU will soon be over, and nobody has answered to that yet. */
  isCalling: boolean;
  /** Results on their way to the store. */
  staging: Command[];
  ended: Command[];
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
  model.rendering.length + model.waitingForTurn.length + model.staging.length < MAX_STAGING &&
  ((model.polling.length === 0 && model.rendering.length === 0) || model.isCalling);

function expectOneAtMost(model: Model): void {
  expect(model.rendering.length).toBeLessThanOrEqual(1);
  const permits = model.polling.length + model.rendering.length + model.waitingForTurn.length;
  expect(permits).toBeLessThanOrEqual(model.rendering.length + 1);
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

function polls(model: Model, permit: SlotPermit): void {
  model.polling.push(permit);
  model.isCalling = false;
}

function start(model: Model, command: Command): void {
  model.waitingForTurn.push(command);
  void command.held.turn(new AbortController().signal).then((isMine) => {
    if (!model.waitingForTurn.includes(command)) return;
    model.waitingForTurn = model.waitingForTurn.filter((other) => other !== command);
    (isMine ? model.rendering : model.ended).push(command);
    if (!isMine) command.held.done();
  });
}

const STEPS = [
  step('reserve', any, (model, slot) => {
    const abort = new AbortController();
    const waiter = {
      abort,
      permit: slot.supplier.reserveSlot(context, abort.signal).then(
        (permit) => {
          model.waiting = model.waiting.filter((other) => other !== waiter);
          polls(model, permit);
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
    if (permit) polls(model, permit);
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
      start(model, { held: slot.take(), permit });
    },
  ),
  step(
    'soon over',
    ({ rendering }) => rendering.length > 0,
    (model, slot) => {
      model.isCalling = model.polling.length + model.waitingForTurn.length === 0;
      slot.callAhead();
    },
  ),
  step(
    'is not free in time',
    ({ waitingForTurn }) => waitingForTurn.length > 0,
    (model) => {
      const command = model.waitingForTurn.pop();
      if (!command) return;
      model.ended.push(command);
      command.held.done();
    },
  ),
  step(
    'last byte',
    ({ rendering }) => rendering.length > 0,
    (model) => {
      const command = model.rendering.pop();
      if (!command) return;
      model.staging.push(command);
      model.isCalling = false;
      command.held.release();
    },
  ),
  step(
    'end',
    ({ rendering, staging }) => rendering.length + staging.length > 0,
    (model) => {
      const command = model.staging.pop() ?? model.rendering.pop();
      if (!command) return;
      if (model.rendering.length === 0) model.isCalling = false;
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

test('whatever the SDK calls, in whatever order, one command renders at most, and a free permit is never withheld', async () => {
  const property = fc.asyncProperty(fc.commands(STEPS, { maxCommands: 60, size: 'max' }), async (steps) => {
    const model: Model = {
      polling: [],
      rendering: [],
      waitingForTurn: [],
      isCalling: false,
      staging: [],
      ended: [],
      holds: [],
      waiting: [],
    };
    await fc.asyncModelRun(() => ({ model, real: { slot: createGpuSlot({ maxStaging: MAX_STAGING }) } }), steps);
    for (const { abort } of model.waiting) abort.abort(new Error('the test is over'));
  });
  await expect(fc.assert(property, { numRuns: 200 })).resolves.toBeUndefined();
});
