import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RenderedCommand } from '../../activities/command.ts';
import { commandPolicy } from '../../workflows/policies.ts';
import { aGpuHost, fastClock, type GpuHost, type GpuHostOptions } from '../support/a-gpu-host.ts';
import { aJobInput } from '../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { aCommand } from '../support/a-render-host.ts';
import { until } from '../support/until.ts';

let engine: TestNamespace;
let shared: string;
const hosts: GpuHost[] = [];

beforeAll(async () => {
  engine = await aNamespace();
  shared = mkdtempSync(join(tmpdir(), 'dqm-test-'));
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});
afterAll(async () => {
  await engine?.close();
  rmSync(shared, { recursive: true, force: true });
});

const limits = { ...aJobInput().limits, heartbeatTimeoutMs: 60_000 };

async function hostsOf(queue: string, names: readonly string[], options: Partial<GpuHostOptions> = {}) {
  const started = await Promise.all(
    names.map((host) => aGpuHost(engine, { queue, host, shared, clock: fastClock(120), ...options })),
  );
  hosts.push(...started);
  return started;
}

let jobs = 0;

/** A command with the policy of its workflow; each has parameters of its own. */
function start(queue: string, command: string, parameters: object = {}) {
  jobs += 1;
  const input = aCommand({ queue, command, parameters: { seed: jobs, bytes: 1_000, ...parameters }, limits });
  return engine.client.activity.start<RenderedCommand>('runCommand', {
    id: `job-${jobs}`,
    ...(commandPolicy(queue, limits) as { taskQueue: string }),
    args: [input],
  });
}

test('a licence that is gone on all hosts for ten minutes fails none of fifty jobs', async () => {
  const queue = 'licence';
  const errors = [{ match: /licen[cs]e/, class: 'host_fault' as const }];
  const farm = await hostsOf(queue, ['gpu-1', 'gpu-2', 'gpu-3'], { commands: new Map([['big_result', { errors }]]) });
  const noLicence = { command: 'big_result', kind: 'error_code', message: 'no licence left', times: 1_000 };
  for (const host of farm) await host.plan(noLicence);

  const all = await Promise.all(Array.from({ length: 50 }, () => start(queue, 'big_result')));
  // Ten minutes of the hosts' clock.
  await until(() => farm.every(({ log }) => log.events.some(({ seconds }) => Number(seconds) > 240)));
  const calls = farm.flatMap(({ simulator }) => simulator.log.filter(({ command }) => command === 'big_result'));
  for (const host of farm) await host.forgive();

  const results = await Promise.all(all.map((job) => job.result()));
  expect(results).toHaveLength(50);
  // Each host asked a few times and then waited: two at once, then after one, two and five minutes.
  expect(calls.length).toBeLessThanOrEqual(3 * 7);
});

test('a host whose driver is broken fails no job: its canary keeps it out, a healthy one gets the retries', async () => {
  const queue = 'driver';
  const options = { canaryCommand: 'render_product', clock: fastClock(1) };
  const [broken, healthy] = await hostsOf(queue, ['broken', 'healthy'], options);
  for (const command of ['big_result', 'render_product'])
    await broken?.plan({ command, kind: 'error_code', message: 'CUDA error 999', times: 1_000 });

  const results = await Promise.all(
    Array.from({ length: 12 }, async () => (await start(queue, 'big_result')).result()),
  );
  expect(new Set(results.map(({ host }) => host))).toEqual(new Set(['healthy']));
  const failures = broken?.simulator.log.filter(({ command }) => command === 'big_result') ?? [];
  expect(failures.length).toBeLessThanOrEqual(2);
  expect(healthy?.simulator.log.filter(({ command }) => command === 'big_result')).toHaveLength(12);
});

test('a scene that crashes RealityServer takes down three hosts and then fails with their names; other jobs go on', async () => {
  const queue = 'crash';
  const names = ['gpu-1', 'gpu-2', 'gpu-3', 'gpu-4'];
  await hostsOf(queue, names, { clock: fastClock(10) });
  const bad = await start(queue, 'fault', { kind: 'crash', restart_after_ms: 300 });
  const other = await start(queue, 'big_result');
  await other.result();
  // The engine's own timer: half a minute until the hosts are asked whether they came back.
  await expect(bad.result()).rejects.toMatchObject({
    // Four when one of the three was not back yet as it was asked.
    cause: { type: 'HostFault', message: expect.stringMatching(/^fault broke .*: (gpu-., ){2,3}gpu-.$/) as string },
  });
});

test('a job on the only host waits until that has shown that it works', async () => {
  const queue = 'alone';
  const [host] = await hostsOf(queue, ['gpu-1'], { canaryCommand: 'echo' });
  await host?.plan({ command: 'big_result', kind: 'close' });
  await host?.plan({ command: 'echo', kind: 'error_code', times: 1_000 });
  const job = await start(queue, 'big_result');
  const fault = await until(() => host?.log.events.find(({ faults }) => Number(faults) > 2));
  expect(fault).toMatchObject({ message: 'Host fault, no command until the canary passes' });
  expect((await job.describe()).status).toBe('RUNNING');
  await host?.forgive();
  await expect(job.result()).resolves.toMatchObject({ host: 'gpu-1' });
});
