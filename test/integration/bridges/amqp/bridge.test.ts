import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';

import { aBody, GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { aProxy } from '../../../support/a-proxy.ts';
import { anAmqpBridge } from '../../../support/an-amqp-bridge.ts';
import { brokerAddress } from '../../../support/an-amqp-config.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { describeWithAmqp, servers } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';

describeWithAmqp('a bridge of AMQP', () => {
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

  test('the golden message becomes a workflow and is acknowledged', async () => {
    const queue = await broker.queue();
    const { name, bridge, settled, outcomes, isReady } = anAmqpBridge(engine.client, queue);
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
    const { name, settled, outcomes } = anAmqpBridge(engine.client, queue);
    const headers = { dqm_job_id: 'chair-1', dqm_priority: 4, dqm_tenant: 'acme' };
    await broker.send(queue, JSON.stringify(aBody()), { headers, messageId: 'm-1' });
    await settled(1);
    await broker.send(queue, JSON.stringify(aBody()), { headers, messageId: 'm-2' });
    await settled(2);
    expect(outcomes).toEqual(['started', 'duplicate']);
    expect((await describeJob(`job/${name}/chair-1`)).memo).toMatchObject({ tenant: 'acme', priority: 4 });
  });

  test('a connection that is lost in mid-intake: the delivery comes again, and is a duplicate', async () => {
    const queue = await broker.queue();
    const proxy = await aProxy(new URL(servers().amqpUrl ?? '').host);
    // The first verdict is there when the connection is not any more.
    let isFirst = true;
    const { settled, outcomes, isReady, log } = anAmqpBridge(engine.client, queue, {
      urls: [brokerAddress({ host: `${proxy.host}:${proxy.port}` })],
      judge: (judge) => async (message, signal) => {
        const verdict = await judge(message, signal);
        if (isFirst) {
          isFirst = false;
          await proxy.cut();
          await until(() => !isReady());
        }
        return verdict;
      },
    });
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    await proxy.mend();
    await settled(2);
    expect(outcomes).toEqual(['started', 'duplicate']);
    await until(async () => (await broker.look(queue)).messageCount === 0);
    expect(log.events.map(({ message }) => message)).toContain('RabbitMQ reached again');
  });

  test('a queue that is deleted under the bridge is waited for', async () => {
    const queue = `queue-${randomUUID()}`;
    const { settled, isReady, outcomes, log } = anAmqpBridge(engine.client, queue, { declare: true });
    await until(isReady);
    await broker.remove(queue);
    await until(() => log.events.some(({ message }) => message === 'RabbitMQ reached again'));
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
    const { name, settled, outcomes, isReady } = anAmqpBridge(client, queue);
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
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let received = 0;
    const { bridge, outcomes } = anAmqpBridge(engine.client, queue, {
      prefetch: 2,
      judge: (judge) => async (message, signal) => {
        received += 1;
        await held;
        return judge(message, signal);
      },
    });
    for (const messageId of ['m-1', 'm-2', 'm-3']) await broker.send(queue, GOLDEN_BODY, { messageId });
    await until(() => received === 2);
    bridge.stop();
    await until(async () => (await broker.look(queue)).consumerCount === 0);
    release();
    await bridge.done;
    expect(outcomes).toEqual(['started', 'started']);
    await until(async () => (await broker.look(queue)).messageCount === 1);
  });
});
