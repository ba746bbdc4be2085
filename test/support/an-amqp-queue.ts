import { randomUUID } from 'node:crypto';

import { connect, type ChannelModel, type ConfirmChannel, type GetMessage, type Options } from 'amqplib';

import { servers } from './servers.ts';
import { until } from './until.ts';

/** A connection of a test's own, as a producer or an operator has one. */
export interface TestBroker {
  /** A quorum queue of a test's own, unless declared otherwise. */
  queue(options?: Options.AssertQueue, name?: string): Promise<string>;
  send(queue: string, body: string | Uint8Array, options?: Options.Publish): Promise<void>;
  /** Waits for one, which leaves the queue. */
  receive(queue: string): Promise<GetMessage>;
  /** Waits for one, which goes back to the queue. */
  peek(queue: string): Promise<GetMessage>;
  /** Messages that are ready, and how many consume. */
  look(queue: string): Promise<{ messageCount: number; consumerCount: number }>;
  remove(queue: string): Promise<unknown>;
  close(): Promise<void>;
}

export async function aBroker(url = servers().amqpUrl ?? ''): Promise<TestBroker> {
  const connection: ChannelModel = await connect(url);
  // A broker that a test stops ends it; without a listener that would end the test run.
  connection.on('error', () => undefined);
  const channel: ConfirmChannel = await connection.createConfirmChannel();
  return {
    queue: async (
      options = { durable: true, arguments: { 'x-queue-type': 'quorum' } },
      name = `queue-${randomUUID()}`,
    ) => (await channel.assertQueue(name, options)).queue,
    send: async (queue, body, options = {}) => {
      channel.sendToQueue(queue, Buffer.from(body), { messageId: 'm-1', persistent: true, ...options });
      await channel.waitForConfirms();
    },
    receive: (queue) => until(() => channel.get(queue, { noAck: true })),
    peek: async (queue) => {
      const message = await until(() => channel.get(queue));
      channel.nack(message, false, true);
      return message;
    },
    look: (queue) => channel.checkQueue(queue),
    remove: (queue) => channel.deleteQueue(queue),
    close: () => connection.close(),
  };
}
