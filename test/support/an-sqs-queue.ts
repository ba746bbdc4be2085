import { randomUUID } from 'node:crypto';

import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type MessageAttributeValue,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import { createSqs } from '../../lib/aws.ts';

import { servers } from './servers.ts';
import { until } from './until.ts';

const opened: SQSClient[] = [];
afterAll(() => opened.forEach((sqs) => sqs.destroy()));

/** A client as the program makes it, of the emulator or of what stands in its place; closed after the test file. */
export function anSqsClient(endpoint = servers().awsEndpoint): SQSClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sqs = createSqs({ s3: { pathStyle: true }, sqs: { endpoint, region: 'eu-west-1', credentials } });
  opened.push(sqs);
  return sqs;
}

/** A queue of a test's own. */
export interface TestQueue {
  url: string;
  arn: string;
  send(body: string, attributes?: Record<string, MessageAttributeValue>, fifo?: object): Promise<string>;
  /** Waits for one, which stays in the queue. */
  receive(): Promise<Message>;
  /** Visible ones and those in flight. */
  depth(): Promise<{ visible: number; inFlight: number }>;
  /** The end of the visibility of what is in flight, for who does not want to wait for it. */
  showAgain(): Promise<unknown>;
}

export async function anSqsQueue(
  sqs: SQSClient,
  attributes: Record<string, string> = {},
  suffix = '',
): Promise<TestQueue> {
  const QueueName = `queue-${randomUUID()}${suffix}`;
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: attributes }));
  const read = async () => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
    );
    return Attributes as Record<string, string>;
  };
  const depth = async () => {
    const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: inFlight } = await read();
    return { visible: Number(visible), inFlight: Number(inFlight) };
  };
  return {
    url,
    arn: (await read())['QueueArn'] ?? '',
    send: async (MessageBody, MessageAttributes = {}, fifo = {}) => {
      const { MessageId = '' } = await sqs.send(
        new SendMessageCommand({ QueueUrl: url, MessageBody, MessageAttributes, ...fifo }),
      );
      return MessageId;
    },
    receive: () =>
      until(async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: url,
            MessageAttributeNames: ['All'],
            MessageSystemAttributeNames: ['All'],
            WaitTimeSeconds: 10,
            VisibilityTimeout: 0,
          }),
        );
        return Messages[0];
      }),
    depth,
    showAgain: () =>
      until(async () => {
        const answer = await fetch(`${servers().awsEndpoint}/_fauxqs/queues/${QueueName}`);
        const { messages } = (await answer.json()) as { messages: { inflight: { receiptHandle: string }[] } };
        for (const { receiptHandle: ReceiptHandle } of messages.inflight) {
          await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }));
        }
        // A poll that a dead process has left may take one more.
        return (await depth()).inFlight === 0;
      }),
  };
}

export const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });
