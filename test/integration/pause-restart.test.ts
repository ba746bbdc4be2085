import { readFileSync, writeFileSync } from 'node:fs';

import { SendMessageCommand } from '@aws-sdk/client-sqs';

import type { HostView } from '../../lib/host-views.ts';
import type { JobRow } from '../../lib/jobs/job-view.ts';
import type { QueueView } from '../../lib/queue-view.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { dqm, killAll, startDqm } from '../support/dqm-process.ts';
import { until } from '../support/until.ts';

let farm: Farm;
let config: string;
beforeAll(async () => {
  farm = await aFarm();
  config = farm.config('realityserver.conf', { listenQueue: 'renders' });
  // Without an address `dqm up` brings its engine, which then restarts with everything else.
  writeFileSync(config, readFileSync(config, 'utf8').replace(/ *temporal_address .*\n/, ''));
});
afterAll(async () => {
  await killAll();
  await farm?.close();
});

async function lines<T>(...args: string[]): Promise<T[]> {
  const { stdout } = await dqm([...args, '--json', '--config', config]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

const queue = async (): Promise<QueueView | undefined> =>
  (await lines<QueueView>('queues')).find((each) => each.queue === 'renders');

test('a paused queue and a paused host stay so over a restart of engine, bridge and workers', async () => {
  const first = startDqm(['up', '--config', config]);
  await first.said('Up');
  await lines('pause', '--queue', 'renders');
  await lines('pause', '--host', 'gpu-01');
  expect(await first.stop()).toBe(0);

  const second = startDqm(['up', '--config', config]);
  await second.said('Up');
  await second.said('Host is paused');
  await farm.sqs.send(new SendMessageCommand({ QueueUrl: farm.sqsUrl, MessageBody: '{"command":"echo"}' }));
  expect(await until(async () => (await queue())?.in_broker === 1 && queue())).toMatchObject({
    waiting: 0,
    paused: { by: expect.stringContaining('@') as string },
  });
  // The new engine knows of a host from that one's first heartbeat on.
  const [host] = await until(async () => {
    const hosts = await lines<HostView>('hosts');
    return hosts.length > 0 && hosts;
  });
  expect(host).toMatchObject({ host: 'gpu-01', paused: { by: expect.any(String) as string } });
  expect(await lines<JobRow>('jobs')).toEqual([]);

  await lines('resume', '--queue', 'renders');
  await until(async () => (await queue())?.waiting === 1);
  expect(await farm.calls('echo')).toEqual([]);

  await lines('resume', '--host', 'gpu-01');
  await until(async () => (await lines<JobRow>('jobs'))[0]?.state === 'completed');
  expect(await farm.calls('echo')).toHaveLength(1);
});
