import { Worker } from '@temporalio/worker';

import { gpuTaskQueue, gpuWorkerIdentity } from '../../lib/contract/names.ts';
import { canListWorkers, listGpuSlots, type GpuSlot } from '../../lib/hosts.ts';
import { createGpuSlot } from '../../workers/gpu-slots.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { until } from '../support/until.ts';

let engine: TestNamespace;
beforeAll(async () => {
  engine = await aNamespace();
});
afterAll(() => engine.close());

/** A render host's worker with one slot, whose commands end when `finish` is called. */
async function aHost(queue: string, host: string) {
  const slot = createGpuSlot({ maxStaging: 1 });
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const worker = await Worker.create({
    connection: await engine.connectWorker(),
    namespace: engine.namespace,
    identity: gpuWorkerIdentity(host, 1),
    taskQueue: gpuTaskQueue(queue),
    activities: {
      runCommand: async () => {
        const held = slot.take();
        await finished;
        held.done();
      },
    },
    tuner: {
      activityTaskSlotSupplier: slot.supplier,
      workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
      localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
    },
  });
  const done = worker.run();
  return {
    slot,
    finish,
    stop: async () => {
      finish();
      worker.shutdown();
      await done;
    },
  };
}

const slots = async (queue: string): Promise<GpuSlot[]> => (await listGpuSlots(engine.client, [queue])) ?? [];

test('the embedded engine can list workers', async () => {
  expect(await canListWorkers(engine.client)).toBe(true);
});

test('a queue that no host has ever served has no slot', async () => {
  expect(await slots('nobody')).toEqual([]);
});

test('a host is ready while it waits for a command or has one, not while its slot is closed, nor when it has stopped', async () => {
  const queue = 'states';
  const host = await aHost(queue, 'gpu-1');
  try {
    const first = await until(async () => (await slots(queue)).find(({ isReady }) => isReady));
    expect(first).toMatchObject({ identity: 'gpu@gpu-1/1', host: 'gpu-1', queue, isIdle: true });

    await engine.client.activity.start('runCommand', {
      id: 'command',
      taskQueue: gpuTaskQueue(queue),
      startToCloseTimeout: '1 minute',
    });
    await until(async () => (await slots(queue)).find(({ isReady, isIdle }) => isReady && !isIdle));

    const letGo = host.slot.hold();
    host.finish();
    await until(async () => (await slots(queue)).find(({ isReady }) => !isReady));
    letGo();
    await until(async () => (await slots(queue)).find(({ isReady }) => isReady));
  } finally {
    await host.stop();
  }
  await until(async () => (await slots(queue)).every(({ isReady }) => !isReady));
});
