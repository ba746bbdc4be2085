import { readFileSync, writeFileSync } from 'node:fs';

import { SendMessageCommand } from '@aws-sdk/client-sqs';

import type { HostView } from '../../lib/host-views.ts';
import type { JobRow } from '../../lib/jobs/job-view.ts';
import type { QueueView } from '../../lib/queue-view.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { aBroker } from '../support/an-amqp-queue.ts';
import { dqm, killAll, startDqm } from '../support/dqm-process.ts';
import { servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

let farm: Farm;
beforeAll(async () => {
  farm = await aFarm();
});
afterEach(killAll);
afterAll(() => farm?.close());

const BODY = '{"command":"echo"}';
const SENDERS: Record<string, () => Promise<unknown>> = {
  renders: () => farm.sqs.send(new SendMessageCommand({ QueueUrl: farm.sqsUrl, MessageBody: BODY })),
  nightly: async () => {
    const broker = await aBroker();
    await broker.send(farm.amqpQueue, BODY);
    await broker.close();
  },
};

/** A configuration of everything on that queue, its engine too: that one then restarts with the rest. */
function aWholeConfig(name: string): string {
  const config = farm.config(`${name}.conf`, { listenQueue: name, data: `data-${name}` });
  writeFileSync(config, readFileSync(config, 'utf8').replace(/ *temporal_address .*\n/, ''));
  return config;
}

test.each(['renders', ...(servers().amqpUrl ? ['nightly'] : [])])(
  'the paused queue %s and a paused host stay so over a restart of engine, bridge and workers',
  async (name) => {
    const config = aWholeConfig(name);
    const lines = async <T>(...args: string[]): Promise<T[]> => {
      const { stdout } = await dqm([...args, '--json', '--config', config]);
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T);
    };
    const queueWith = (wanted: Partial<QueueView>) =>
      until(async () => {
        const view = (await lines<QueueView>('queues')).find(({ queue }) => queue === name);
        return Object.entries(wanted).every(([field, value]) => view?.[field as keyof QueueView] === value) && view;
      });
    const calls = (await farm.calls('echo')).length;
    const first = startDqm(['up', '--config', config]);
    await first.said('Up');
    await lines('pause', '--queue', name);
    await lines('pause', '--host', 'gpu-01');
    expect(await first.stop()).toBe(0);

    const second = startDqm(['up', '--config', config]);
    await second.said('Up');
    await second.said('Host is paused');
    await SENDERS[name]?.();
    const paused = { by: expect.stringContaining('@') as string };
    expect(await queueWith({ in_broker: 1, waiting: 0 })).toMatchObject({ paused });
    // The new engine knows of a host from that one's first heartbeat on.
    const [host] = await until(async () => {
      const hosts = await lines<HostView>('hosts');
      return hosts.length > 0 && hosts;
    });
    expect(host).toMatchObject({ host: 'gpu-01', paused });
    expect(await lines<JobRow>('jobs')).toEqual([]);

    await lines('resume', '--queue', name);
    await queueWith({ waiting: 1 });
    expect(await farm.calls('echo')).toHaveLength(calls);

    await lines('resume', '--host', 'gpu-01');
    await until(async () => (await lines<JobRow>('jobs'))[0]?.state === 'completed');
    expect(await farm.calls('echo')).toHaveLength(calls + 1);
  },
);
