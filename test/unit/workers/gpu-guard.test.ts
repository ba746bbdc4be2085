import { join } from 'node:path';

import type { SlotPermit, SlotReserveContext } from '@temporalio/worker';

import { systemClock } from '../../../lib/clock.ts';
import { RealityServerError } from '../../../lib/realityserver/client.ts';
import { createStaging } from '../../../lib/results/staging.ts';
import { createGpuGuard, type GpuGuard } from '../../../workers/gpu-guard.ts';
import { createRunMarker } from '../../../workers/run-marker.ts';
import { aRenderHost } from '../../support/a-render-host.ts';
import { aFolder } from '../../support/a-staged-file.ts';
import { silentLog } from '../../support/silent-log.ts';
import { until } from '../../support/until.ts';

const folder = aFolder();
const identity = 'gpu@gpu-01/1';
const mark = { workflowId: 'job/renders/1', runId: 'run', command: 'sleep' };

let host: Awaited<ReturnType<typeof aRenderHost>>;
let guard: GpuGuard;
/** A mark that stays would close the next test's GPU. */
let runs = 0;
beforeEach(async () => {
  host = await aRenderHost();
  guard = await createGpuGuard({
    realityServer: host.realityServer,
    realityServerName: 'gpu-01',
    staging: createStaging({ folder: join(folder, 'staging'), identity }),
    stagingFolder: join(folder, 'staging'),
    marker: createRunMarker({ folder: join(folder, `runs-${(runs += 1)}`), identity }),
    commands: new Map(),
    canaryCommand: 'get_version',
    abandonedWaitMs: 200,
    maxStaging: 2,
    clock: systemClock,
    log: silentLog,
    onState() {},
    onStoreWait() {},
  });
  await until(() => guard.state.state === 'ready');
});
afterEach(async () => {
  await guard.close();
  await host.close();
});

const reserve = (): Promise<SlotPermit> =>
  guard.slot.supplier.reserveSlot({ slotType: 'activity' } as SlotReserveContext, new AbortController().signal);

test.each([
  ['failed', () => guard.gpu.commandFailed()],
  ['showed a fault of the host', () => guard.gpu.fault(new RealityServerError('HostFault', 'no licence'))],
  ['was given up', () => guard.gpu.abandon('sleep', host.realityServer.start('sleep', '{"ms":10000}'))],
  ['was the last before the worker stops', () => guard.stop()],
])('a command that was called ahead goes back when the one before %s', async (_what, ends) => {
  await reserve();
  const running = guard.gpu.take();
  guard.gpu.begin(mark);
  guard.slot.callAhead();
  await reserve();
  const turn = guard.gpu.take().turn(new AbortController().signal);

  ends();
  running.done();
  await expect(turn).resolves.toBe(false);
});
