import { Client, Connection } from '@temporalio/client';

import { engineWarnings } from '../../../../cli/setup/engine-warnings.ts';
import { dynamicConfigFlags } from '../../../../lib/engine/dynamic-config.ts';
import { keep } from '../../../../lib/servers/keep.ts';
import { accepts, freePort } from '../../../../lib/servers/ports.ts';
import { aNamespace } from '../../../support/a-namespace.ts';
import { servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

/** What `dqm setup` would say of an engine in memory with such settings beside, or over, those of the embedded one. */
async function warningsOf(settings: string[], base = dynamicConfigFlags()): Promise<string[]> {
  const port = await freePort();
  const engine = keep({
    command: servers().enginePath,
    args: [
      'server',
      'start-dev',
      '--headless',
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--log-level=error',
      ...base,
      ...settings.flatMap((setting) => ['--dynamic-config-value', setting]),
    ],
    env: process.env,
    folder: '/',
  });
  await until(() => accepts(`127.0.0.1:${port}`));
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  try {
    return await engineWarnings(new Client({ connection }));
  } finally {
    await connection.close();
    await engine.stop();
  }
}

test('the embedded engine can all that is needed, and nothing is left of the look', async () => {
  const engine = await aNamespace();
  try {
    expect(await engineWarnings(engine.client)).toEqual([]);
    await until(async () => (await engine.client.workflow.count("WorkflowType = 'dqm/order-probe'")).count === 0);
  } finally {
    await engine.close();
  }
});

test.each([
  ['tenants that do not take turns', 'matching.enableFairness=false', 'tenants do not take turns'],
  ['workers that cannot be listed', 'frontend.WorkerHeartbeatsEnabled=false', 'it cannot list workers'],
])('%s are warned of', async (_what, setting, warning) => {
  expect(await warningsOf([setting])).toEqual([expect.stringContaining(warning) as string]);
});

test('an engine without priorities is warned of', async () => {
  const settings = ['matching.useNewMatcher=false', 'matching.enableFairness=false', 'matching.enableMigration=false'];
  expect(await warningsOf(settings)).toEqual([
    expect.stringContaining('jobs of a higher priority do not go first') as string,
    expect.stringContaining('tenants do not take turns') as string,
  ]);
});

test('an engine as it comes is warned of for its partitions', async () => {
  expect(await warningsOf([], [])).toEqual([expect.stringContaining('its task queues have 4 partitions') as string]);
});
