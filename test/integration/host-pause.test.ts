import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pause, resume } from '../../lib/pause.ts';
import { commandPolicy } from '../../workflows/policies.ts';
import { aGpuHost, fastClock } from '../support/a-gpu-host.ts';
import { aJobInput } from '../support/a-job-input.ts';
import { aNamespace, type TestNamespace } from '../support/a-namespace.ts';
import { aCommand } from '../support/a-render-host.ts';
import { until } from '../support/until.ts';

let engine: TestNamespace;
let shared: string;
beforeAll(async () => {
  engine = await aNamespace();
  shared = mkdtempSync(join(tmpdir(), 'dqm-test-'));
});
afterAll(async () => {
  await engine?.close();
  rmSync(shared, { recursive: true, force: true });
});

const { limits } = aJobInput();
const QUEUE = 'renders';

const aHost = () => aGpuHost(engine, { queue: QUEUE, host: 'gpu-07', shared, clock: fastClock(10) });

const start = (id: string) =>
  engine.client.activity.start('runCommand', {
    id,
    ...(commandPolicy(QUEUE, limits) as { taskQueue: string }),
    args: [aCommand({ queue: QUEUE, command: 'echo', parameters: { id }, limits })],
  });

test('a paused host finishes what it has and takes nothing more, also after a restart, until somebody resumes it', async () => {
  const first = await aHost();
  try {
    await (await start('before')).result();
    await pause(engine.client, { host: 'gpu-07' }, 'kaethe@desk');
    await until(() => first.log.events.find(({ message }) => message === 'Host is paused'));
    // Its last poll was out already: what that brings goes back.
    await start('held');
    expect(await pause(engine.client, { host: 'gpu-07' }, 'otto@desk')).toMatchObject({ by: 'kaethe@desk' });
  } finally {
    await first.stop();
  }

  const second = await aHost();
  try {
    await until(() => second.log.events.find(({ message }) => message === 'Host is paused'));
    await until(() => second.log.events.find(({ message }) => message === 'RealityServer is ready'));
    expect(await resume(engine.client, { host: 'gpu-07' }, 'otto@desk')).toMatchObject({ by: 'kaethe@desk' });
    await engine.client.activity.getHandle('held').result();
    const commands = (host: typeof first) => host.simulator.log.filter(({ command }) => command === 'echo').length;
    expect([commands(first), commands(second)]).toEqual([1, 1]);
  } finally {
    await second.stop();
  }
});
