import { randomUUID } from 'node:crypto';

import { ChangeMessageVisibilityCommand, DeleteMessageCommand } from '@aws-sdk/client-sqs';
import type { GetMessage } from 'amqplib';

import { createAmqpDeadLetters } from '../../bridges/amqp/dead-letter.ts';
import { amqpQueueMessage } from '../../bridges/amqp/message.ts';
import { startAmqpBridge } from '../../bridges/amqp/bridge.ts';
import type { BridgeDeps } from '../../bridges/bridge.ts';
import { createSqsDeadLetters } from '../../bridges/sqs/dead-letter.ts';
import { sqsQueueMessage } from '../../bridges/sqs/message.ts';
import { startSqsBridge } from '../../bridges/sqs/bridge.ts';
import type { AmqpQueueConfig, QueueConfig, SqsQueueConfig } from '../../lib/config/config.ts';
import type { DeadLetterTarget } from '../../lib/contract/dead-letter.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';
import type { Running } from '../../lib/run.ts';

import { anAmqpConfig } from './an-amqp-config.ts';
import { aBroker, type TestBroker } from './an-amqp-queue.ts';
import { anSqsClient, anSqsQueue, text } from './an-sqs-queue.ts';
import { describeWithAmqp } from './servers.ts';
import { silentLog } from './silent-log.ts';

const closers: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closers.splice(0).map((close) => close())));

/** A dead letter as an operator finds it. */
export interface Letter {
  body: string;
  /** Attributes or headers, as text. */
  marks: Record<string, string>;
  messageId: string;
}

/** A queue of a broker with a dead-letter queue of its own, so that one test can be told of both brokers. */
export interface TestTransport {
  config: QueueConfig;
  /** Gives the message id, which on AMQP is the sender's. */
  send(body: string | Uint8Array, attributes?: Record<string, string>, messageId?: string): Promise<string>;
  /** The first message as a bridge gets it that dies before it has acknowledged: it stays in the queue. */
  deliveryOfDyingBridge(): Promise<QueueMessage>;
  /** What a dead bridge had in hand is seen again, without the wait for it. */
  showAgain(): Promise<unknown>;
  startBridge(deps: BridgeDeps): Running;
  deadLetters: DeadLetterTarget;
  /** Takes one out of the dead-letter queue. */
  takeDeadLetter(): Promise<Letter>;
  /** As the broker's own tools bring it back: everything as it is, on SQS under a new id. */
  redrive(letter: Letter): Promise<void>;
  /** Messages in the queue; ask when no bridge has any in hand. */
  depth(): Promise<number>;
  deadDepth(): Promise<number>;
}

export interface TransportOptions {
  /** Of the named queue; default: one of its own. */
  name?: string;
  /** `broker`: the queue's own policy names the target. */
  deadLetters?: 'own queue' | 'gone' | 'none' | 'broker';
}

export type OpenTransport = (options?: TransportOptions) => Promise<TestTransport>;

/** SQS, as the emulator speaks it. */
export async function anSqsTransport({
  name = `q-${randomUUID()}`,
  deadLetters = 'own queue',
}: TransportOptions = {}): Promise<TestTransport> {
  const sqs = anSqsClient();
  const dead = await anSqsQueue(sqs);
  const policy = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 5 }) };
  const queue = await anSqsQueue(sqs, deadLetters === 'broker' ? policy : {});
  const deadLetterUrl = { 'own queue': dead.url, gone: `${dead.url}-gone`, none: undefined, broker: undefined }[
    deadLetters
  ];
  const config: SqsQueueConfig = {
    kind: 'sqs',
    name,
    url: queue.url,
    acknowledge: 'on_start',
    maxWaitingJobs: 'unlimited',
    ...(deadLetterUrl !== undefined && { deadLetterUrl }),
  };
  const count = async (of: typeof queue): Promise<number> => {
    const { visible, inFlight } = await of.depth();
    return visible + inFlight;
  };
  return {
    config,
    send: (body, attributes = {}) => queue.send(Buffer.from(body).toString(), textsOf(attributes)),
    deliveryOfDyingBridge: async () => {
      const received = await queue.receive();
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queue.url,
          ReceiptHandle: received.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      return sqsQueueMessage(name, received);
    },
    showAgain: () => queue.showAgain(),
    startBridge: (deps) => startSqsBridge({ ...deps, sqs, queue: config }),
    deadLetters: createSqsDeadLetters(sqs, config, silentLog),
    takeDeadLetter: async () => {
      const { Body = '', MessageId = '', MessageAttributes = {}, ReceiptHandle } = await dead.receive();
      await sqs.send(new DeleteMessageCommand({ QueueUrl: dead.url, ReceiptHandle }));
      const marks = Object.entries(MessageAttributes).map(([key, { StringValue = '' }]) => [key, StringValue]);
      return { body: Body, messageId: MessageId, marks: Object.fromEntries(marks) as Record<string, string> };
    },
    redrive: async ({ body, marks }) => void (await queue.send(body, textsOf(marks))),
    depth: () => count(queue),
    deadDepth: () => count(dead),
  };
}

const textsOf = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)]));

/** RabbitMQ, by a connection that the test closes. */
export const amqpTransports =
  (broker: TestBroker): OpenTransport =>
  async ({ name = `q-${randomUUID()}`, deadLetters = 'own queue' } = {}) => {
    const dead = await broker.queue();
    const policy = { deadLetterExchange: '', deadLetterRoutingKey: dead };
    const queue = await broker.queue({ durable: true, ...(deadLetters === 'broker' && policy) });
    const config = anAmqpConfig(queue, { name, ...deadLetterOf(deadLetters, dead) });
    const target = createAmqpDeadLetters(config, silentLog);
    closers.push(() => target.close());
    let letter: GetMessage | undefined;
    return {
      config,
      send: async (body, headers = {}, messageId = randomUUID()) => {
        await broker.send(queue, body, { messageId, headers });
        return messageId;
      },
      deliveryOfDyingBridge: async () => amqpQueueMessage(name, await broker.peek(queue)),
      // The end of its connection is enough.
      showAgain: async () => undefined,
      startBridge: (deps) => startAmqpBridge({ ...deps, queue: config }),
      deadLetters: target,
      takeDeadLetter: async () => {
        letter = await broker.receive(dead);
        const { messageId, headers = {} } = letter.properties;
        return {
          body: letter.content.toString(),
          messageId: String(messageId),
          marks: headers,
        };
      },
      // Republished with every property, as a shovel does.
      redrive: ({ body, messageId, marks }) =>
        broker.send(queue, body, { ...letter?.properties, messageId, headers: marks }),
      depth: async () => (await broker.look(queue)).messageCount,
      deadDepth: async () => (await broker.look(dead)).messageCount,
    };
  };

function deadLetterOf(kind: TransportOptions['deadLetters'], queue: string): Pick<AmqpQueueConfig, 'deadLetter'> {
  switch (kind) {
    case 'gone':
      return { deadLetter: { kind: 'queue', queue: `${queue}-gone` } };
    case 'none':
      return {};
    case 'broker':
      return { deadLetter: { kind: 'broker' } };
    default:
      return { deadLetter: { kind: 'queue', queue } };
  }
}

/** The same tests on both brokers; where RabbitMQ is missing, on SQS alone. */
export function describeOnEachBroker(testsOf: (openTransport: () => OpenTransport) => void): void {
  describe('on SQS', () => {
    testsOf(() => anSqsTransport);
  });

  describeWithAmqp('on AMQP', () => {
    let broker: TestBroker;
    beforeAll(async () => (broker = await aBroker()));
    afterAll(() => broker?.close());
    testsOf(() => amqpTransports(broker));
  });
}
