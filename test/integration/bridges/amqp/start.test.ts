import { randomUUID } from 'node:crypto';

import { connect } from 'amqplib';

import { checkAmqpQueue } from '../../../../bridges/amqp/connection.ts';
import { GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { aProxy } from '../../../support/a-proxy.ts';
import { anAmqpBridge } from '../../../support/an-amqp-bridge.ts';
import { anAmqpConfig, brokerAddress } from '../../../support/an-amqp-config.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { describeWithAmqp, servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

describeWithAmqp('a bridge of AMQP that starts', () => {
  let engine: TestNamespace;
  let broker: TestBroker;
  beforeAll(async () => {
    engine = await aNamespace();
    broker = await aBroker();
  });
  afterAll(async () => {
    await broker?.close();
    await engine?.close();
  });

  test('declare on makes a quorum queue with its dead-letter queue as its own target', async () => {
    const [queue, dead] = [`queue-${randomUUID()}`, `queue-${randomUUID()}`];
    const { isReady } = anAmqpBridge(engine.client, queue, {
      declare: true,
      deadLetter: { kind: 'queue', queue: dead },
    });
    await until(isReady);
    // The broker refuses a declaration that differs from what is there.
    const connection = await connect(servers().amqpUrl ?? '');
    const channel = await connection.createChannel();
    const quorum = { 'x-queue-type': 'quorum' };
    const targets = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
    const same = channel.assertQueue(queue, { durable: true, arguments: { ...quorum, ...targets } });
    await expect(same).resolves.toMatchObject({ queue });
    await expect(channel.assertQueue(dead, { durable: true, arguments: quorum })).resolves.toMatchObject({
      queue: dead,
    });
    await connection.close();
  });

  test('declare on makes a dead-letter queue that is missing beside a queue that is there', async () => {
    const [queue, dead] = [await broker.queue(), `queue-${randomUUID()}`];
    const { settled } = anAmqpBridge(engine.client, queue, {
      declare: true,
      deadLetter: { kind: 'queue', queue: dead },
    });
    await broker.send(queue, '{');
    await settled(1);
    expect((await broker.receive(dead)).content.toString()).toBe('{');
  });

  test('declare on leaves an existing queue as it is', async () => {
    const queue = await broker.queue({ durable: false, autoDelete: false, messageTtl: 3_600_000 });
    const { settled, outcomes } = anAmqpBridge(engine.client, queue, { declare: true });
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    expect(outcomes).toEqual(['started']);
  });

  test('a queue that is not there ends the bridge, and says which and what to do', async () => {
    const { bridge, name } = anAmqpBridge(engine.client, 'nowhere');
    await expect(bridge.done).rejects.toThrow(
      `queue ${name}: RabbitMQ has no queue nowhere; create it, or set declare on`,
    );
  });

  test('a wrong password ends the bridge without showing it', async () => {
    const { bridge } = anAmqpBridge(engine.client, 'any', { urls: [brokerAddress({ password: 'geheim' })] });
    const { message } = await bridge.done.then(
      () => new Error('it went on'),
      (error: Error) => error,
    );
    expect(message).toMatch(/refuses the user, the password or the certificate, see url/);
    expect(message).not.toContain('geheim');
  });

  test('a virtual host that is not there ends the bridge', async () => {
    const { bridge } = anAmqpBridge(engine.client, 'any', { urls: [brokerAddress({ pathname: '/nowhere' })] });
    await expect(bridge.done).rejects.toThrow('has no such virtual host');
  });

  test('a certificate file that is not there ends the bridge', async () => {
    const { bridge } = anAmqpBridge(engine.client, 'any', { tls: { caFile: '/nowhere/ca.pem' } });
    await expect(bridge.done).rejects.toThrow('ca_file');
  });

  test('addresses are tried in turn', async () => {
    const queue = await broker.queue();
    // A port of our own, or another test's server could be there: it drops whoever connects.
    const dead = await aProxy('127.0.0.1:1');
    const { settled, log } = anAmqpBridge(engine.client, queue, {
      urls: [brokerAddress({ host: `${dead.host}:${dead.port}` }), servers().amqpUrl ?? ''],
    });
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    expect(log.events.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: expect.stringContaining('RabbitMQ unreachable') },
    ]);
  });

  test('a look at the queue says what is in it', async () => {
    const queue = await broker.queue();
    await broker.send(queue, GOLDEN_BODY);
    await until(async () => (await checkAmqpQueue(anAmqpConfig(queue))).startsWith('AMQP, 1 messages'));
    await expect(checkAmqpQueue(anAmqpConfig('nowhere'))).rejects.toThrow('RabbitMQ has no queue nowhere');
  });
});
