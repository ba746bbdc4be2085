import { Client, Connection } from '@temporalio/client';

import { engineWarnings } from '../../../../cli/setup/engine-warnings.ts';
import { aNamespace } from '../../../support/a-namespace.ts';
import { anEngine } from '../../../support/an-engine.ts';
import { until } from '../../../support/until.ts';

/** What `dqm setup` would say of an engine in memory with such settings beside, or over, those of the embedded one. */
async function warningsOf(settings: string[], base?: string[]): Promise<string[]> {
  const engine = await anEngine(settings, base);
  const connection = await Connection.connect({ address: engine.address });
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
