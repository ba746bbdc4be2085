import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';
import { accepts } from '../../lib/servers/ports.ts';
import { findRabbitMq, startRabbitMq } from '../../lib/servers/rabbitmq.ts';
import { describeWithAmqp, servers } from '../support/servers.ts';

/** The IPv4 addresses of this machine at which somebody answers on that URL's port. */
async function listenersOf(url: string): Promise<string[]> {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const addresses = interfaces.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  const answers = await Promise.all(addresses.map((address) => accepts(`${address}:${new URL(url).port}`)));
  return addresses.filter((_address, index) => answers[index]);
}

test('the emulator makes queues, and listens on the loopback interface alone', async () => {
  const endpoint = servers().awsEndpoint;
  expect(await listenersOf(endpoint)).toEqual(['127.0.0.1']);
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const sqs = new SQSClient({ endpoint, region: 'eu-west-1', credentials });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'servers-test' }));
  expect(QueueUrl).toContain('/servers-test');
  sqs.destroy();
});

describeWithAmqp('a RabbitMQ of our own', () => {
  test('listens on the loopback interface alone', async () => {
    expect(await listenersOf(servers().amqpUrl ?? '')).toEqual(['127.0.0.1']);
  });

  test('runs beside another one, writes to its folder alone, and is gone when it is stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dqm-servers-'));
    const script = (await findRabbitMq(process.env)) ?? '';
    const rabbitMq = await startRabbitMq({ script, folder, env: process.env });
    await (await connect(rabbitMq.url)).close();
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['.erlang.cookie', 'data', 'log']));
    await rabbitMq.stop();
    await expect(rabbitMq.done).resolves.toBeUndefined();
    expect(await accepts(new URL(rabbitMq.url).host)).toBe(false);
    await rm(folder, { recursive: true });
  });
});
