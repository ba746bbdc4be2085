import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { connect } from 'amqplib';

import { startAmqpBridge } from '../../../../bridges/amqp/bridge.ts';
import { checkAmqpQueue } from '../../../../bridges/amqp/connection.ts';
import type { AmqpQueueConfig } from '../../../../lib/config/config.ts';
import { shortHash } from '../../../../lib/contract/ids.ts';
import type { Running } from '../../../../lib/run.ts';
import { aBody, GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { anIntake } from '../../../support/an-intake.ts';
import { aProxy, type Proxy } from '../../../support/a-proxy.ts';
import { describeWithAmqp, servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

jest.setTimeout(60_000);

describeWithAmqp('the AMQP bridge', () => {
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

  const running: Running[] = [];
  afterEach(async () => {
    for (const bridge of running) bridge.stop();
    await Promise.allSettled(running.splice(0).map(({ done }) => done));
  });

  /** A bridge of this queue, under a name of its own; stopped after the test. */
  function aBridge(queue: string, changes: Partial<AmqpQueueConfig> = {}, client = engine.client) {
    const config = aQueueConfig(queue, changes);
    const parts = anIntake(client);
    const bridge = startAmqpBridge({ ...parts.deps, queue: config });
    running.push(bridge);
    bridge.done.catch(() => undefined);
    return { name: config.name, bridge, ...parts };
  }

  const aQueueConfig = (queue: string, changes: Partial<AmqpQueueConfig> = {}): AmqpQueueConfig => ({
    kind: 'amqp',
    name: `q-${randomUUID()}`,
    urls: [servers().amqpUrl ?? ''],
    tls: {},
    queue,
    prefetch: 100,
    declare: false,
    maxWaitingJobs: 'unlimited',
    ...changes,
  });

  /** The broker's address with this in place of the real one's parts. */
  const address = (changes: Partial<Pick<URL, 'host' | 'password' | 'pathname'>>): string =>
    Object.assign(new URL(servers().amqpUrl ?? ''), changes).href;

  const through = ({ host, port }: Proxy): [string] => [address({ host: `${host}:${port}` })];

  const describeJob = (workflowId: string) => engine.client.workflow.getHandle(workflowId).describe();
  const isEmpty = async (queue: string) => (await broker.look(queue)).messageCount === 0;

  test('the golden message becomes a workflow and is acknowledged', async () => {
    const queue = await broker.queue();
    const { name, bridge, settled, outcomes, isReady } = aBridge(queue);
    await broker.send(queue, GOLDEN_BODY, { priority: 9 });
    await settled(1);
    expect(outcomes).toEqual(['started']);
    expect(isReady()).toBe(true);
    expect((await describeJob(`job/${name}/m-1`)).memo).toMatchObject({ message_id: 'm-1', priority: 1 });
    bridge.stop();
    await bridge.done;
    expect(await broker.look(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
  });

  test('headers say which job it is; a second message of it is a duplicate', async () => {
    const queue = await broker.queue();
    const { name, settled, outcomes } = aBridge(queue);
    const headers = { dqm_job_id: 'chair-1', dqm_priority: 4, dqm_tenant: 'acme' };
    await broker.send(queue, JSON.stringify(aBody()), { headers, messageId: 'm-1' });
    await settled(1);
    await broker.send(queue, JSON.stringify(aBody()), { headers, messageId: 'm-2' });
    await settled(2);
    expect(outcomes).toEqual(['started', 'duplicate']);
    expect((await describeJob(`job/${name}/chair-1`)).memo).toMatchObject({ tenant: 'acme', priority: 4 });
  });

  test('a bad message goes to dead_letter_queue with its headers, our marks and a fresh id, and the queue goes on', async () => {
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const { settled, outcomes } = aBridge(queue, { deadLetter: { kind: 'queue', queue: dead } });
    const body = Buffer.from([0x7b, 0xff]);
    const headers = {
      origin: 'shop',
      when: { '!': 'timestamp', value: 1_700_000_000 },
      blob: Buffer.from([0, 255]),
      CC: ['nowhere'],
    };
    await broker.send(queue, body, {
      headers,
      contentType: 'application/json',
      expiration: '3600000',
      messageId: 'm-1',
    });
    await broker.send(queue, GOLDEN_BODY, { messageId: 'm-2' });
    await settled(2);
    const letter = await broker.receive(dead);
    expect(letter.content).toEqual(body);
    expect(letter.properties).toMatchObject({
      messageId: `m-1~${shortHash(body)}`,
      contentType: 'application/json',
      deliveryMode: 2,
      expiration: undefined,
      headers: {
        origin: 'shop',
        when: { '!': 'timestamp', value: 1_700_000_000 },
        blob: Buffer.from([0, 255]),
        dqm_error_type: 'BadMessage',
        dqm_error: 'body: is not UTF-8',
        dqm_job_id: 'm-1',
        dqm_message_id: 'm-1',
      },
    });
    expect(letter.properties.headers).not.toHaveProperty('CC');
    expect([...outcomes].sort()).toEqual(['rejected', 'started']);
  });

  test('a dead letter that comes back keeps its job and the id it had first', async () => {
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const { name, settled } = aBridge(queue, { deadLetter: { kind: 'queue', queue: dead } });
    await broker.send(queue, '{', { messageId: 'order 17/ä' });
    await settled(1);
    const { properties } = await broker.receive(dead);
    await broker.send(queue, GOLDEN_BODY, properties);
    await settled(2);
    const { memo } = await describeJob(`job/${name}/order 17/ä`);
    expect(memo).toMatchObject({ message_id: 'order 17/ä', delivery_id: `order 17/ä~${shortHash('{')}` });
  });

  test('without any target, with one that is gone, and with an exchange that is not there, a workflow holds a bad message', async () => {
    const targets = [
      undefined,
      { kind: 'queue', queue: 'nowhere' },
      { kind: 'exchange', exchange: 'nowhere', routingKey: 'dead' },
    ] as const;
    for (const deadLetter of targets) {
      const queue = await broker.queue();
      const { name, settled, outcomes } = aBridge(queue, deadLetter ? { deadLetter } : {});
      await broker.send(queue, '{', { messageId: 'm-1' });
      await broker.send(queue, '{', { messageId: 'm-2' });
      await settled(2);
      expect(outcomes).toEqual(['rejected', 'rejected']);
      await describeJob(`rejected/${name}/m-1`);
      await describeJob(`rejected/${name}/m-2`);
      await until(() => isEmpty(queue));
    }
  });

  test('a target that is full counts as none', async () => {
    const dead = await broker.queue({ durable: true, maxLength: 0, overflow: 'reject-publish' });
    const queue = await broker.queue();
    const { name, settled } = aBridge(queue, { deadLetter: { kind: 'queue', queue: dead } });
    await broker.send(queue, '{');
    await settled(1);
    await describeJob(`rejected/${name}/m-1`);
  });

  test("dead_letter broker: the queue's own target takes what is rejected", async () => {
    const dead = await broker.queue();
    const queue = await broker.queue({ durable: true, deadLetterExchange: '', deadLetterRoutingKey: dead });
    const { settled, outcomes } = aBridge(queue, { deadLetter: { kind: 'broker' } });
    await broker.send(queue, '{');
    await settled(1);
    expect(outcomes).toEqual(['rejected']);
    expect((await broker.receive(dead)).content.toString()).toBe('{');
  });

  test('declare on makes a quorum queue with its dead-letter queue as its own target', async () => {
    const [queue, dead] = [`queue-${randomUUID()}`, `queue-${randomUUID()}`];
    const { isReady } = aBridge(queue, { declare: true, deadLetter: { kind: 'queue', queue: dead } });
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
    const { settled } = aBridge(queue, { declare: true, deadLetter: { kind: 'queue', queue: dead } });
    await broker.send(queue, '{');
    await settled(1);
    expect((await broker.receive(dead)).content.toString()).toBe('{');
  });

  test("headers of every type go with a dead letter, the broker's x-death too", async () => {
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const first = await broker.queue({
      durable: true,
      deadLetterExchange: '',
      deadLetterRoutingKey: queue,
      messageTtl: 1,
    });
    const headers = {
      text: 'Käthe',
      yes: true,
      nothing: null,
      small: -7,
      int: -2_000_000_000,
      safe: Number.MAX_SAFE_INTEGER,
      double: { '!': 'double', value: 0.5 },
      decimal: { '!': 'decimal', value: { places: 2, digits: 1999 } },
      when: { '!': 'timestamp', value: 1_700_000_000 },
      bytes: Buffer.from([0, 255]),
      list: ['a', 1, [false, null]],
      table: { deep: { deeper: 'still here' } },
    };
    await broker.send(first, '{', { headers });
    const { settled } = aBridge(queue, { deadLetter: { kind: 'queue', queue: dead } });
    await settled(1);
    const { properties } = await broker.receive(dead);
    expect(properties.headers).toMatchObject({ ...headers, double: 0.5, dqm_error_type: 'BadMessage' });
    expect(properties.headers?.['x-death']).toMatchObject([{ queue: first, reason: 'expired', count: 1 }]);
  });

  test('declare on leaves an existing queue as it is', async () => {
    const queue = await broker.queue({ durable: false, autoDelete: false, messageTtl: 3_600_000 });
    const { settled, outcomes } = aBridge(queue, { declare: true });
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    expect(outcomes).toEqual(['started']);
  });

  test('a queue that is not there ends the bridge, and says which and what to do', async () => {
    const { bridge, name } = aBridge('nowhere');
    await expect(bridge.done).rejects.toThrow(
      `queue ${name}: RabbitMQ has no queue nowhere; create it, or set declare on`,
    );
  });

  test('a wrong password ends the bridge without showing it', async () => {
    const { bridge } = aBridge('any', { urls: [address({ password: 'geheim' })] });
    const { message } = await bridge.done.then(
      () => new Error('it went on'),
      (error: Error) => error,
    );
    expect(message).toMatch(/refuses the user, the password or the certificate, see url/);
    expect(message).not.toContain('geheim');
  });

  test('a virtual host that is not there ends the bridge', async () => {
    const { bridge } = aBridge('any', { urls: [address({ pathname: '/nowhere' })] });
    await expect(bridge.done).rejects.toThrow('has no such virtual host');
  });

  test('a certificate file that is not there ends the bridge', async () => {
    const { bridge } = aBridge('any', { tls: { caFile: '/nowhere/ca.pem' } });
    await expect(bridge.done).rejects.toThrow('ca_file');
  });

  test('addresses are tried in turn', async () => {
    const queue = await broker.queue();
    const dead = await aProxy('127.0.0.1:1');
    await dead.cut();
    const { settled, log } = aBridge(queue, { urls: [...through(dead), servers().amqpUrl ?? ''] });
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    expect(log.events.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: expect.stringContaining('RabbitMQ unreachable') },
    ]);
  });

  test('a connection that is lost in mid-intake: the delivery comes again, and is a duplicate', async () => {
    const queue = await broker.queue();
    const proxy = await aProxy(new URL(servers().amqpUrl ?? '').host);
    const parts = anIntake(engine.client);
    const config = aQueueConfig(queue, { urls: through(proxy) });
    // The first verdict is there when the connection is not any more.
    let isFirst = true;
    const judge: typeof parts.intake.judge = async (message, signal) => {
      const verdict = await parts.intake.judge(message, signal);
      if (isFirst) {
        isFirst = false;
        await proxy.cut();
        await until(() => !parts.isReady());
      }
      return verdict;
    };
    const intake = { judge, gate: parts.intake.gate };
    const bridge = startAmqpBridge({ ...parts.deps, intake, queue: config });
    running.push(bridge);
    await broker.send(queue, GOLDEN_BODY);
    await parts.settled(1);
    await proxy.mend();
    await parts.settled(2);
    expect(parts.outcomes).toEqual(['started', 'duplicate']);
    await until(() => isEmpty(queue));
    expect(parts.log.events.map(({ message }) => message)).toContain('RabbitMQ reached again');
  });

  test('a queue that is deleted under the bridge is waited for', async () => {
    const queue = `queue-${randomUUID()}`;
    const { settled, isReady, outcomes } = aBridge(queue, { declare: true });
    await until(isReady);
    await broker.remove(queue);
    await until(() => !isReady());
    await until(isReady);
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    expect(outcomes).toEqual(['started']);
  });

  test('while the engine is away nothing is received, and what is in hand is started when it is back', async () => {
    // A classic one: of a quorum queue, a cancelled consumer counts until its deliveries are settled.
    const queue = await broker.queue({ durable: true });
    const proxy = await aProxy(servers().temporalAddress);
    const connection = await Connection.connect({ address: `${proxy.host}:${proxy.port}` });
    const client = new Client({ connection, namespace: engine.namespace });
    const { name, settled, outcomes, isReady } = aBridge(queue, {}, client);
    await until(isReady);
    await proxy.cut();
    await broker.send(queue, GOLDEN_BODY, { messageId: 'in-hand' });
    await until(() => !isReady());
    await until(async () => (await broker.look(queue)).consumerCount === 0);
    await broker.send(queue, GOLDEN_BODY, { messageId: 'in-queue' });
    expect(await broker.look(queue)).toMatchObject({ messageCount: 1 });
    await proxy.mend();
    await settled(2);
    expect(outcomes).toEqual(['started', 'started']);
    await describeJob(`job/${name}/in-hand`);
    await describeJob(`job/${name}/in-queue`);
    await connection.close();
  });

  test('stopping finishes what is in hand, and the rest stays in the queue', async () => {
    const queue = await broker.queue({ durable: true });
    const parts = anIntake(engine.client);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let received = 0;
    const judge: typeof parts.intake.judge = async (message, signal) => {
      received += 1;
      await held;
      return parts.intake.judge(message, signal);
    };
    const intake = { judge, gate: parts.intake.gate };
    const bridge = startAmqpBridge({ ...parts.deps, intake, queue: aQueueConfig(queue, { prefetch: 2 }) });
    running.push(bridge);
    for (const messageId of ['m-1', 'm-2', 'm-3']) await broker.send(queue, GOLDEN_BODY, { messageId });
    await until(() => received === 2);
    bridge.stop();
    await until(async () => (await broker.look(queue)).consumerCount === 0);
    release();
    await bridge.done;
    expect(parts.outcomes).toEqual(['started', 'started']);
    await until(async () => (await broker.look(queue)).messageCount === 1);
  });

  test('a look at the queue says what is in it', async () => {
    const queue = await broker.queue();
    await broker.send(queue, GOLDEN_BODY);
    await until(async () => (await checkAmqpQueue(aQueueConfig(queue))).startsWith('AMQP, 1 messages'));
    await expect(checkAmqpQueue(aQueueConfig('nowhere'))).rejects.toThrow('RabbitMQ has no queue nowhere');
  });
});
