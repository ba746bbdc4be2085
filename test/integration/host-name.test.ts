import { hostViews } from '../../lib/host-views.ts';
import { listGpuSlots } from '../../lib/hosts.ts';
import { startSimulator, type Simulator } from '../../simulator/server.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { aJobWorker } from '../support/a-job-worker.ts';
import { killAll, startDqm } from '../support/dqm-process.ts';
import { until } from '../support/until.ts';

let farm: Farm;
let jobWorker: { stop(): Promise<void> };
let second: Simulator;
beforeAll(async () => {
  [farm, second] = await Promise.all([aFarm(), startSimulator()]);
  jobWorker = await aJobWorker(farm.engine);
});
afterEach(killAll);
afterAll(async () => {
  await jobWorker?.stop();
  await second?.close();
  await farm?.close();
});

const served = async (): Promise<Map<string, string | null>> => {
  const views = (await hostViews(farm.engine.client, ['local', 'renders'])) ?? [];
  return new Map(views.map(({ host, realityserver_url }) => [host, realityserver_url]));
};

test('a second GPU worker of a name gets the next one, is refused where it serves the same RealityServer, and takes the place of a killed one', async () => {
  const gpuWorker = (config: string) => startDqm(['worker', 'gpu', '--config', config]);
  const config = farm.config('first.conf');
  const first = gpuWorker(config);
  await until(async () => {
    const [slot] = (await listGpuSlots(farm.engine.client, ['local'])) ?? [];
    return slot?.process?.pid === first.child.pid;
  });

  const same = gpuWorker(farm.config('same.conf', { listenQueue: 'renders' }));
  const other = gpuWorker(farm.config('other.conf', { listenQueue: 'renders', realityServer: second.url }));
  const origin = new URL(farm.simulator.url).origin;
  await same.said(
    `dqm: a GPU worker of the name gpu-01 serves ${origin} already: stop that one, or, when it is another machine's, give this one a host_name of its own`,
  );
  await until(() => same.child.exitCode !== null);
  expect(same.child.exitCode).toBe(1);
  expect(await other.said('host_name is taken, using the next one')).toMatchObject({ got: 'gpu-01-2' });
  await until(async () => {
    const hosts = await served();
    return hosts.get('gpu-01') === origin && hosts.get('gpu-01-2') === new URL(second.url).origin;
  });

  await first.stop('SIGKILL');
  const again = gpuWorker(config);
  await again.said('RealityServer is ready');
  expect(again.lines.filter(({ msg }) => msg.startsWith('host_name'))).toEqual([]);
});
