import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { dqm, killAll } from '../../support/dqm-process.ts';

const CHAINS = `
import { command } from 'durable-queue-manager/chains';

export async function pair() {
  await command('echo', { angle: 0 });
  return command('echo', { angle: 90 });
}
`;

let farm: ChainFarm;
let id: string;

beforeAll(async () => {
  farm = await aChainFarm(CHAINS, { allow: ['pair'] });
  const job = await farm.start('pair', {});
  await job.result();
  id = job.workflowId;
  mkdirSync(join(farm.folder.path, 'histories'));
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const replay = (...more: string[]) =>
  dqm(['check', '--replay', join(farm.folder.path, 'histories'), '--config', farm.configFile, ...more]);

test('a history is exported, and chains that still fit it are told from those that do not', async () => {
  const file = join(farm.folder.path, 'histories/pair.json');
  expect(await dqm(['history', 'export', id, '-o', file, '--config', farm.configFile])).toMatchObject({ exitCode: 0 });
  expect(await replay()).toMatchObject({ exitCode: 0, stdout: `${file}: fits\n` });

  const module = join(farm.folder.path, 'chains/index.ts');
  const text = readFileSync(module, 'utf8');
  farm.folder.file('chains/index.ts', text.replace("await command('echo', { angle: 0 });", ''));
  const { exitCode, stdout } = await replay();
  farm.folder.file('chains/index.ts', text);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/pair\.json: no longer fits, at event \d+ \(.*\): .*[Nn]ondeterminis/);
});

test('a folder without histories says how to get one', async () => {
  const answer = await dqm(['check', '--replay', farm.folder.path, '--config', farm.configFile]);
  expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('dqm history export') as string });
});
