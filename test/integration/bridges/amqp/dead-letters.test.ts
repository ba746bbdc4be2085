import { shortHash } from '../../../../lib/contract/ids.ts';
import { aBody, GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anAmqpBridge } from '../../../support/an-amqp-bridge.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { describeWithAmqp } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

const MIB = 1_048_576;

describeWithAmqp('what a bridge of AMQP rejects', () => {
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

  const describeJob = (workflowId: string) => engine.client.workflow.getHandle(workflowId).describe();

  test('a bad message goes to dead_letter_queue with its headers, our marks and a fresh id, and the queue goes on', async () => {
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const { settled, outcomes } = anAmqpBridge(engine.client, queue, { deadLetter: { kind: 'queue', queue: dead } });
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
    const { name, settled } = anAmqpBridge(engine.client, queue, { deadLetter: { kind: 'queue', queue: dead } });
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
      const { name, settled, outcomes } = anAmqpBridge(engine.client, queue, deadLetter ? { deadLetter } : {});
      await broker.send(queue, '{', { messageId: 'm-1' });
      await broker.send(queue, '{', { messageId: 'm-2' });
      await settled(2);
      expect(outcomes).toEqual(['rejected', 'rejected']);
      await describeJob(`rejected/${name}/m-1`);
      await describeJob(`rejected/${name}/m-2`);
      await until(async () => (await broker.look(queue)).messageCount === 0);
    }
  });

  test('where its headers leave no room for our marks a workflow holds the message, and the queue goes on', async () => {
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const { name, settled, outcomes } = anAmqpBridge(engine.client, queue, {
      deadLetter: { kind: 'queue', queue: dead },
    });
    // Of 64 KiB.
    await broker.send(queue, '{', { messageId: 'm-1', headers: { big: 'x'.repeat(65_450) } });
    await broker.send(queue, GOLDEN_BODY, { messageId: 'm-2' });
    await settled(2);
    expect([...outcomes].sort()).toEqual(['rejected', 'started']);
    expect(await describeJob(`rejected/${name}/m-1`)).toMatchObject({ status: { name: 'RUNNING' } });
    expect(await broker.look(dead)).toMatchObject({ messageCount: 0 });
    await until(async () => (await broker.look(queue)).messageCount === 0);
  });

  test('a target that is full counts as none', async () => {
    const dead = await broker.queue({ durable: true, maxLength: 0, overflow: 'reject-publish' });
    const queue = await broker.queue();
    const { name, settled } = anAmqpBridge(engine.client, queue, { deadLetter: { kind: 'queue', queue: dead } });
    await broker.send(queue, '{');
    await settled(1);
    await describeJob(`rejected/${name}/m-1`);
  });

  test("dead_letter broker: the queue's own target takes what is rejected", async () => {
    const dead = await broker.queue();
    const queue = await broker.queue({ durable: true, deadLetterExchange: '', deadLetterRoutingKey: dead });
    const { settled, outcomes } = anAmqpBridge(engine.client, queue, { deadLetter: { kind: 'broker' } });
    await broker.send(queue, '{');
    await settled(1);
    expect(outcomes).toEqual(['rejected']);
    expect((await broker.receive(dead)).content.toString()).toBe('{');
  });

  test('a body of 1 MiB is a job, one beyond max_message_bytes a dead letter to the last byte', async () => {
    const [queue, dead] = [await broker.queue(), await broker.queue()];
    const { name, settled, outcomes } = anAmqpBridge(engine.client, queue, {
      deadLetter: { kind: 'queue', queue: dead },
    });
    const empty = JSON.stringify(aBody({ parameters: { scene: '' } }));
    const bodyOf = (bytes: number) => empty.replace('"scene":""', `"scene":"${'x'.repeat(bytes - empty.length)}"`);
    await broker.send(queue, bodyOf(MIB), { messageId: 'whole' });
    await settled(1);
    await broker.send(queue, bodyOf(MIB + 1), { messageId: 'beyond' });
    await settled(2);
    expect(outcomes).toEqual(['started', 'rejected']);
    await describeJob(`job/${name}/whole`);
    const { content, properties } = await broker.receive(dead);
    expect(content.toString()).toBe(bodyOf(MIB + 1));
    expect(properties.headers).toMatchObject({ dqm_error_type: 'BadMessage', dqm_message_id: 'beyond' });
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
    const { settled } = anAmqpBridge(engine.client, queue, { deadLetter: { kind: 'queue', queue: dead } });
    await settled(1);
    const { properties } = await broker.receive(dead);
    expect(properties.headers).toMatchObject({ ...headers, double: 0.5, dqm_error_type: 'BadMessage' });
    expect(properties.headers?.['x-death']).toMatchObject([{ queue: first, reason: 'expired', count: 1 }]);
  });
});
