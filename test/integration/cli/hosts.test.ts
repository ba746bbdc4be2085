import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hosts } from '../../../cli/hosts.ts';
import { hostsTable } from '../../../cli/output/hosts-table.ts';
import { hostViews, type HostView } from '../../../lib/host-views.ts';
import { jobsOnHosts } from '../../../lib/jobs/on-hosts.ts';
import { JOBS_TASK_QUEUE } from '../../../lib/contract/names.ts';
import { pause, resume } from '../../../lib/pause.ts';
import { aGpuHost } from '../../support/a-gpu-host.ts';
import { aGpuWorker } from '../../support/a-gpu-worker.ts';
import { aJobInput } from '../../support/a-job-input.ts';
import { aJobWorker } from '../../support/a-job-worker.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { until } from '../../support/until.ts';

let engine: TestNamespace;
let jobWorker: { stop(): Promise<void> };
const shared = mkdtempSync(join(tmpdir(), 'dqm-test-'));
beforeAll(async () => {
  engine = await aNamespace();
  jobWorker = await aJobWorker(engine);
});
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

function startJob(jobId: string, command: string, parameters: object) {
  const input = aJobInput({ queue: QUEUE, command, jobId, tasks: [] });
  return engine.client.workflow.start(command, {
    workflowId: `job/${QUEUE}/${jobId}`,
    taskQueue: JOBS_TASK_QUEUE,
    args: [{ ...input, body: { text: JSON.stringify({ command, parameters }) } }],
  });
}

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
      reason: null,
      paused: null,
    });
    expect(await host('gpu-08', () => true)).toMatchObject({ state: 'silent', faults: null, version: null });
    expect(await jobsOnHosts(engine.client, new Set())).toEqual({ workflowIds: [], isWhole: false });
    await deaf.stop();

    const nap = await startJob('nap', 'sleep', { ms: 600_000 });
    await host('gpu-07', ({ state, job_id }) => state === 'rendering' && job_id === 'nap');
    const onHosts = await until(async () => {
      const jobs = await jobsOnHosts(engine.client, new Set());
      return jobs.isWhole && jobs;
    });
    expect(onHosts.workflowIds).toEqual([`job/${QUEUE}/nap`]);
    await nap.cancel();
    await (await startJob('blink', 'sleep', { ms: 50 })).result();
    await host('gpu-07', ({ state, gpu_seconds_today }) => state === 'ready' && Number(gpu_seconds_today) > 0);

    await pause(engine.client, { host: 'gpu-07' }, 'kaethe@desk');
    expect((await host('gpu-07', ({ paused }) => paused !== null)).paused?.by).toBe('kaethe@desk');
    await resume(engine.client, { host: 'gpu-07' }, 'kaethe@desk');
  } finally {
    await gpu.stop();
  }
});

test('a host whose results do not reach the store says so, and that its GPU waits', async () => {
  const away = join(shared, 'away');
  // A file stands where its folder belongs: nothing can be read or written below it.
  writeFileSync(away, '');
  const gpu = await aGpuHost(engine, { queue: QUEUE, host: 'gpu-09', shared: away, maxStaging: 1 });
  const waiting = async (): Promise<number | undefined> => {
    const { values } = await gpu.metrics.storeWait.get();
    return values.find(({ labels }) => labels.host === 'gpu-09')?.value;
  };
  try {
    const job = await startJob('stuck', 'big_result', { bytes: 1_000 });
    const trouble = `the GPU waits: store unreachable: result store ${away}: `;
    const stuck = await host('gpu-09', ({ reason }) => reason?.startsWith(trouble) === true);
    expect(stuck).toMatchObject({ state: 'staging', job_id: 'stuck', faults: 0 });
    expect(hostsTable([stuck], { colour: false, columns: 200 }, Date.now())).toMatch(
      /gpu-09 .* staging .* stuck .* the GPU waits: store unreachable/,
    );
    expect(await waiting()).toBe(1);

    rmSync(away);
    await job.result();
    await host('gpu-09', ({ state, job_id, reason }) => state === 'ready' && job_id === null && reason === null);
    expect(await waiting()).toBe(0);
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
