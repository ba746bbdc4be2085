import type { WorkflowHandle } from '@temporalio/client';

import { DqmState } from '../../../lib/contract/search-attributes.ts';
import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

const FIRST_STEP = "await command('echo', { angle: 0 });";
const CHAINS = `
import { approval, command } from 'durable-queue-manager/chains';

export async function poster() {
  ${FIRST_STEP}
  await approval('art director');
  return command('echo', { angle: 90 });
}
`;

let farm: ChainFarm;

beforeAll(async () => {
  farm = await aChainFarm(CHAINS, { allow: ['poster'] });
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const config = (): string[] => ['--config', farm.configFile];

async function startWith(chains: string): Promise<DqmProcess> {
  farm.folder.file('chains/index.ts', chains);
  const up = startDqm(['up', ...config()]);
  await up.said('Up');
  return up;
}

const stateOf = async (job: WorkflowHandle) => (await job.describe()).typedSearchAttributes.get(DqmState);

test('a job whose chain was changed is held, its step is named, and it goes on once the chain fits again', async () => {
  const body = JSON.stringify({ command: 'poster' });
  const submit = ['submit', '--queue', 'local', '--job-id', 'poster-1', ...config(), '-'];
  expect(await dqm(submit, { input: body })).toMatchObject({ exitCode: 0 });
  const job = farm.engine.client.workflow.getHandle('job/local/poster-1');
  await until(async () => (await stateOf(job)) === 'approval');
  await farm.up.stop();

  const changed = await startWith(CHAINS.replace(FIRST_STEP, ''));
  // Its update makes the chain take a step; nobody answers it while the chain is held.
  const approving = dqm(['approve', 'poster-1', ...config()]);
  expect(await changed.said('An open job waits: its chain has changed')).toMatchObject({
    level: 'error',
    workflowId: 'job/local/poster-1',
    step: 'echo {"angle":0}',
    todo: expect.any(String) as string,
  });
  const page = await until(async () => {
    const { stdout } = await dqm(['job', 'poster-1', ...config()]);
    return stdout.includes('its chain has changed') && stdout;
  });
  expect(page).toMatch(/waits for +its chain has changed .*, at event \d+ \(echo \{"angle":0\}\): it goes on once/);
  expect(await stateOf(job)).toBe('approval');
  await changed.stop();

  await startWith(CHAINS);
  await approving;
  await until(
    async () => (await stateOf(job)) !== 'approval' || dqm(['approve', 'poster-1', ...config()]).then(() => false),
  );
  await job.result();
  expect((await dqm(['job', 'poster-1', ...config()])).stdout).not.toContain('waits for');
});
