import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';

import { seededRandom } from '../../../soak/random.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

/** `DQM_AUDIT_FRAMES=200` gives the whole audit, which takes minutes. */
const FRAMES = Number(process.env['DQM_AUDIT_FRAMES'] ?? 40);
const FRAMES_OF_A_KILL = 12;
const WORKFLOW_ID = 'job/local/audit';
const TIME_LIMIT_MS = 300_000 + FRAMES * 3_000;

/** Frames that take long enough to be killed in, then a list of them. */
const CHAIN = `
import { command, inParallel } from 'durable-queue-manager/chains';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

export async function audited() {
  const frames = await inParallel(numbers(FRAMES), { atMost: 8 }, (frame) => command('sleep', { ms: 150, frame }));
  return command('echo', { frames });
}
`;
const ADDED = 5;
const chain = CHAIN.replace('FRAMES', String(FRAMES));
/** It asks for the frames the other way round, and for more. */
const corrected = CHAIN.replace('numbers(FRAMES)', `numbers(${FRAMES + ADDED}).reverse()`);

let farm: Farm;
let configFile: string;
let jobWorker: DqmProcess;
let renderHost: DqmProcess;

beforeAll(async () => {
  farm = await aFarm();
  mkdirSync(join(farm.folder.path, 'chains'));
  writeChain(chain);
  configFile = farm.config('audit.conf', {
    allow: ['audited'],
    // A host that is only slow must not count as killed: its frame would be rendered again.
    dqm: ['chains_module ./chains/index.ts', 'heartbeat_timeout 5s', 'abandoned_wait 1s', 'command_attempts 1'],
  });
  await Promise.all([startJobWorker(), startRenderHost()]);
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const writeChain = (text: string): void => writeFileSync(join(farm.folder.path, 'chains/index.ts'), text);

async function startJobWorker(): Promise<void> {
  jobWorker = startDqm(['worker', 'jobs', '--config', configFile]);
  await jobWorker.said('Job worker started');
}

async function startRenderHost(): Promise<void> {
  renderHost = startDqm(['worker', 'gpu', '--config', configFile]);
  await renderHost.said('Metrics and health');
}

const frameOf = ({ body }: { body: string }): number =>
  (JSON.parse(body) as { params: { frame: number } }).params.frame;

/** Holds the render host still: only then it is certain that the frame's answer has not reached it. */
async function stopInFrame(isInFrame: () => Promise<boolean>): Promise<boolean> {
  renderHost.child.kill('SIGSTOP');
  if (await isInFrame()) return true;
  renderHost.child.kill('SIGCONT');
  return false;
}

/** Kills the render host in the middle of a frame, and the job worker every third time too, until `job` has ended. Gives how often. */
async function killDuring(job: Promise<unknown>, random: () => number): Promise<number> {
  let hasEnded = false;
  const end = (): void => void (hasEnded = true);
  void job.then(end, end);
  for (let kills = 0; ; kills += 1) {
    const due = (await farm.calls('sleep')).length + 2 + Math.floor(random() * 2 * FRAMES_OF_A_KILL);
    const isInFrame = async (): Promise<boolean> => {
      const calls = await farm.calls('sleep');
      return calls.length >= due && calls.at(-1)?.end === null;
    };
    await until(async () => hasEnded || ((await isInFrame()) && stopInFrame(isInFrame)));
    if (hasEnded) return kills;
    await renderHost.stop('SIGKILL');
    if (kills % 3 === 1) {
      await jobWorker.stop('SIGKILL');
      await startJobWorker();
    }
    await startRenderHost();
  }
}

const latestRun = (): WorkflowHandle => farm.engine.client.workflow.getHandle(WORKFLOW_ID);

test(
  'a chain that was killed, failed, retried and corrected renders each frame once, and again only what a kill broke off',
  async () => {
    const random = seededRandom(7);
    await farm.simulate('sim_faults', { command: 'echo', kind: 'error_code', message: 'no paper' });
    const submit = ['submit', '--queue', 'local', '--job-id', 'audit', '--config', configFile, '-'];
    const input = JSON.stringify({ command: 'audited' });
    expect(await dqm(submit, { input })).toMatchObject({ exitCode: 0 });
    const first = latestRun().result();
    let kills = await killDuring(first, random);
    await expect(first).rejects.toMatchObject({
      cause: { message: expect.stringContaining('no paper') as string },
    });

    await jobWorker.stop();
    writeChain(corrected);
    await startJobWorker();
    expect(await dqm(['retry', WORKFLOW_ID, '--yes', '--config', configFile])).toMatchObject({ exitCode: 0 });
    const second = latestRun().result();
    kills += await killDuring(second, random);
    await second;

    const calls = await farm.calls('sleep');
    const distinct = new Set(calls.map(frameOf)).size;
    expect(distinct).toBe(FRAMES + ADDED);
    expect(kills).toBeGreaterThanOrEqual(2);
    expect(calls).toHaveLength(distinct + kills);
  },
  TIME_LIMIT_MS,
);
