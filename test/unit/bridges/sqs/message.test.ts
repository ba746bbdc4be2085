import { sqsAttributes, sqsQueueMessage } from '../../../../bridges/sqs/message.ts';

const received = {
  MessageId: 'b1c2',
  Body: '{"command":"Käthe"}',
  MessageAttributes: {
    dqm_job_id: { DataType: 'String', StringValue: 'chair-1' },
    dqm_priority: { DataType: 'Number', StringValue: '2' },
    weight: { DataType: 'Number.float', StringValue: '1.50' },
    blob: { DataType: 'Binary.png', BinaryValue: Uint8Array.of(0, 255) },
  },
  Attributes: { MessageGroupId: 'shop-7' },
};

test('a received message keeps bytes, ids, group and typed attributes, through JSON', () => {
  const message = sqsQueueMessage('renders', received);
  expect(message).toMatchObject({
    queue: 'renders',
    messageId: 'b1c2',
    attributes: { jobId: 'chair-1', priority: '2', tenant: undefined, originalMessageId: undefined },
  });
  expect(message.body).toEqual(Buffer.from(received.Body));
  expect(JSON.parse(JSON.stringify(message.envelope))).toEqual({
    transport: 'sqs',
    groupId: 'shop-7',
    attributes: {
      dqm_job_id: { type: 'String', value: 'chair-1' },
      dqm_priority: { type: 'Number', value: '2' },
      weight: { type: 'Number.float', value: '1.50' },
      blob: { type: 'Binary.png', value: 'AP8=' },
    },
  });
});

test('attributes are sent again as they came', () => {
  expect(sqsAttributes(sqsQueueMessage('renders', received).envelope)).toEqual({
    ...received.MessageAttributes,
    blob: { DataType: 'Binary.png', BinaryValue: Buffer.from([0, 255]) },
  });
});
