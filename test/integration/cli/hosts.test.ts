import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hosts } from '../../../cli/hosts.ts';
import { hostViews, type HostView } from '../../../lib/host-views.ts';
import { JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import { pause, resume } from '../../../lib/pause.ts';
import { aGpuHost } from '../../support/a-gpu-host.ts';
import { aGpuWorker } from '../../support/a-gpu-worker.ts';
import { aJobInput } from '../../support/a-job-input.ts';
import { aJobWorker } from '../../support/a-job-worker.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { until } from '../../support/until.ts';

jest.setTimeout(60_000);

let engine: TestNamespace;
let jobWorker: { stop(): Promise<void> };
const shared = mkdtempSync(join(tmpdir(), 'dqm-test-'));
beforeAll(async () => {
  engine = await aNamespace();
  jobWorker = await aJobWorker(engine);
}, 60_000);
afterAll(async () => {
  await jobWorker?.stop();
  await engine?.close();
  rmSync(shared, { recursive: true, force: true });
});

const QUEUE = 'renders';

/** The host of that name as soon as it is so. */
const host = (name: string, isWanted: (view: HostView) => boolean): Promise<HostView> =>
  until(async () => {
    const view = (await hostViews(engine.client, [QUEUE]))?.find((each) => each.host === name);
    return view && isWanted(view) && view;
  });

test('each host tells of itself, and one that does not answer is silent', async () => {
  const [gpu, deaf] = await Promise.all([
    aGpuHost(engine, { queue: QUEUE, host: 'gpu-07', shared }),
    aGpuWorker(engine, { queue: QUEUE, host: 'gpu-08', run: () => Promise.resolve() }),
  ]);
  try {
    expect(await host('gpu-07', ({ state }) => state === 'ready')).toEqual({
      host: 'gpu-07',
      realityserver_url: 'gpu-07',
      queue: QUEUE,
      state: 'ready',
      job_id: null,
      progress: null,
      gpu_seconds_today: 0,
      faults: 0,
      version: expect.any(String),
      paused: null,
    });
    expect(await host('gpu-08', () => true)).toMatchObject({ state: 'silent', faults: null, version: null });
    await deaf.stop();

    const input = aJobInput({ queue: QUEUE, command: 'sleep', jobId: 'nap', tasks: [] });
    const body = { text: '{"command":"sleep","parameters":{"ms":6000}}' };
    await engine.client.workflow.start('sleep', {
      workflowId: `job/${QUEUE}/nap`,
      taskQueue: JOBS_TASK_QUEUE,
      args: [{ ...input, body }],
    });
    await host('gpu-07', ({ state, job_id }) => state === 'rendering' && job_id === 'nap');
    await engine.client.workflow.getHandle(`job/${QUEUE}/nap`).result();
    expect((await host('gpu-07', ({ state }) => state === 'ready')).gpu_seconds_today).toBeGreaterThan(0);

    await pause(engine.client, { host: 'gpu-07' }, 'kaethe@desk');
    expect((await host('gpu-07', ({ paused }) => paused !== null)).paused?.by).toBe('kaethe@desk');
    await resume(engine.client, { host: 'gpu-07' }, 'kaethe@desk');
  } finally {
    await gpu.stop();
  }
});

test('`dqm hosts` says so when there is none', async () => {
  let text = '';
  const output = {
    json: false,
    isTerminal: false,
    columns: 120,
    colour: false,
    write: (more: string) => void (text += more),
  };
  const deps = { client: engine.client, namespace: engine.namespace, queues: ['nobody'], uiUrl: null, output };
  await hosts({}, { ...deps, remember: () => undefined, now: Date.now() });
  expect(text).toBe('No render host was heard of in the last minutes.\n');
});
