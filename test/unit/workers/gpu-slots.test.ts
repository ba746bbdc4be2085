import type { SlotPermit, SlotReserveContext } from '@temporalio/worker';

import { createGpuSlot, type GpuSlot } from '../../../workers/gpu-slots.ts';

const context: SlotReserveContext = {
  slotType: 'activity',
  taskQueue: 'dqm-gpu-renders',
  workerIdentity: 'gpu@test/1',
  workerBuildId: '',
  isSticky: false,
};

const reserve = (slot: GpuSlot, signal = new AbortController().signal): Promise<SlotPermit> =>
  slot.supplier.reserveSlot(context, signal);

const aSlot = (maxStaging = 2): GpuSlot => createGpuSlot({ maxStaging });

/** Whether a promise is still open once everything that was due has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

test('a slot hands out one permit at a time', async () => {
  const slot = aSlot();
  await reserve(slot);
  const second = reserve(slot);
  expect(await isPending(second)).toBe(true);
  slot.take().release();
  await expect(second).resolves.toBeDefined();
});

test('a slot that is held hands out no permit until nobody holds it', async () => {
  const slot = aSlot();
  const letGo = slot.hold();
  const letGoToo = slot.hold();
  const waiting = reserve(slot);
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
  letGo();
  letGo();
  expect(await isPending(waiting)).toBe(true);
  letGoToo();
  await expect(waiting).resolves.toBeDefined();
});

test('the permit goes back with the last byte, and what the worker gives back later takes nobody else’s', async () => {
  const slot = aSlot();
  const first = await reserve(slot);
  const held = slot.take();
  held.release();
  await reserve(slot);
  slot.supplier.releaseSlot({ permit: first });
  held.release();
  held.done();
  slot.supplier.releaseSlot({ permit: first });
  expect(await isPending(reserve(slot))).toBe(true);
});

test('a slot waits while as many results as allowed are on their way to the store', async () => {
  const slot = aSlot(1);
  await reserve(slot);
  const held = slot.take();
  held.release();
  const next = reserve(slot);
  expect(await isPending(next)).toBe(true);
  held.done();
  await expect(next).resolves.toBeDefined();
});

test('a free GPU that waits for the store says so, and when it no longer does', async () => {
  const waits: boolean[] = [];
  const slot = createGpuSlot({ maxStaging: 1, onStoreWait: (now) => waits.push(now) });
  await reserve(slot);
  const held = slot.take();
  const next = reserve(slot);
  expect(waits).toEqual([]);
  held.release();
  expect(waits).toEqual([true]);
  held.done();
  await next;
  expect(waits).toEqual([true, false]);
});

test('a permit that was never used comes back', async () => {
  const slot = aSlot();
  const unused = await reserve(slot);
  slot.supplier.releaseSlot({ permit: unused });
  await expect(reserve(slot)).resolves.toBeDefined();
});

test('a reservation that is called off rejects and leaves the permit to the next', async () => {
  const slot = aSlot();
  await reserve(slot);
  const stopping = new AbortController();
  const called = reserve(slot, stopping.signal);
  stopping.abort(new Error('stopping'));
  await expect(called).rejects.toThrow('stopping');
  const next = reserve(slot);
  slot.take().release();
  await expect(next).resolves.toBeDefined();
});

test('of several that wait, one gets the permit', async () => {
  const slot = aSlot();
  const letGo = slot.hold();
  const first = reserve(slot);
  const second = reserve(slot);
  letGo();
  await first;
  expect(await isPending(second)).toBe(true);
});

const patient = (): AbortSignal => new AbortController().signal;

/** A slot with a command on the GPU, and one that was called ahead. */
async function aCalledAhead(maxStaging = 2) {
  const slot = aSlot(maxStaging);
  await reserve(slot);
  const running = slot.take();
  slot.callAhead();
  await reserve(slot);
  return { slot, running, next: slot.take() };
}

test('a command that polled when the GPU was free has its turn at once', async () => {
  const slot = aSlot();
  await reserve(slot);
  await expect(slot.take().turn(patient())).resolves.toBe(true);
});

test('one command may be called ahead; its turn comes with the last byte of the one before', async () => {
  const { slot, running, next } = await aCalledAhead();
  slot.callAhead();
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
  const turn = next.turn(patient());
  expect(await isPending(turn)).toBe(true);
  running.release();
  await expect(turn).resolves.toBe(true);
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
  next.release();
  expect(await isPending(reserve(slot))).toBe(true); // two results are on their way to the store
});

test('a command called ahead goes back when the slot was closed in the meantime', async () => {
  const { slot, running, next } = await aCalledAhead();
  const turn = next.turn(patient());
  slot.hold();
  running.done();
  await expect(turn).resolves.toBe(false);
});

test('a command called ahead waits only as long as it may, and leaves the GPU to the one that runs', async () => {
  const { slot, running, next } = await aCalledAhead();
  await expect(next.turn(AbortSignal.abort())).resolves.toBe(false);
  next.done();
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
  running.release();
  expect(slot.supplier.tryReserveSlot(context)).not.toBeNull();
});

test('a poll that was called ahead and brings its command late finds its turn come', async () => {
  const slot = aSlot();
  await reserve(slot);
  const running = slot.take();
  slot.callAhead();
  await reserve(slot);
  running.done();
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
  await expect(slot.take().turn(patient())).resolves.toBe(true);
});

test('nobody is called ahead while the GPU is free, polled for, or waits for the store', async () => {
  const slot = aSlot(1);
  slot.callAhead();
  await reserve(slot);
  slot.callAhead();
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
  slot.take();
  slot.callAhead();
  expect(slot.supplier.tryReserveSlot(context)).toBeNull();
});
