import { amqpDeadLetter } from '../../../../bridges/amqp/dead-letter.ts';
import { amqpOptions, amqpQueueMessage } from '../../../../bridges/amqp/message.ts';
import { aDeadLetter } from '../../../support/a-dead-letter.ts';

/** As amqplib decodes a delivery: properties that are not there are undefined. */
const properties = {
  contentType: 'application/json',
  contentEncoding: undefined,
  headers: {
    dqm_priority: 2,
    dqm_tenant: 'acme',
    text: 'ä',
    whole: 17,
    half: 0.5,
    big: 2 ** 60,
    odd: Number.NaN,
    yes: true,
    nothing: null,
    bytes: Buffer.from([0, 255]),
    when: { '!': 'timestamp', value: 1_700_000_000 },
    price: { '!': 'decimal', value: { places: 2, digits: 1999 } },
    list: [1, 'two', { three: Buffer.from('3') }],
    CC: ['elsewhere'],
  },
  deliveryMode: 2,
  priority: 7,
  correlationId: 'c-1',
  replyTo: undefined,
  expiration: '60000',
  messageId: 'm-1',
  timestamp: undefined,
  type: undefined,
  userId: 'shop',
  appId: undefined,
  clusterId: undefined,
};
const message = amqpQueueMessage('renders', { content: Buffer.from('{'), properties });

test('a delivery keeps its bytes, id, priority and what our headers say', () => {
  expect(message).toMatchObject({
    queue: 'renders',
    body: Buffer.from('{'),
    messageId: 'm-1',
    brokerPriority: 7,
    attributes: { priority: '2', tenant: 'acme', jobId: undefined, originalMessageId: undefined },
  });
});

test('no message id, and an empty one, are none', () => {
  for (const messageId of [undefined, '']) {
    const delivery = { content: Buffer.from('{'), properties: { ...properties, messageId, headers: undefined } };
    expect(amqpQueueMessage('renders', delivery)).toMatchObject({ messageId: null, attributes: {} });
  }
});

test('headers and properties survive JSON, and are published again with their types', () => {
  const envelope = JSON.parse(JSON.stringify(message.envelope)) as typeof message.envelope;
  const { headers, ...options } = amqpOptions(envelope);
  const { CC: _copies, big, half, odd, ...others } = properties.headers;
  expect(headers).toEqual({
    ...others,
    big: { '!': 'int64', value: String(BigInt(big)) },
    half: { '!': 'double', value: half },
    odd: { '!': 'double', value: odd },
  });
  expect(options).toEqual({ contentType: 'application/json', priority: 7, correlationId: 'c-1' });
});

test('a dead letter has our marks and an id of its own that names the original', () => {
  const { envelope } = message;
  const { content, options } = amqpDeadLetter(aDeadLetter({ envelope }));
  expect(content).toEqual(Buffer.from('{'));
  expect(options).toMatchObject({
    messageId: 'm-1~0197-run',
    headers: {
      text: 'ä',
      dqm_error_type: 'CommandFailed',
      dqm_error: 'no such scene',
      dqm_job_id: 'chair-1',
      dqm_message_id: 'm-1',
    },
  });
  const long = amqpDeadLetter(aDeadLetter({ envelope, messageId: 'ä'.repeat(127) }));
  expect(Buffer.byteLength(long.options.messageId)).toBeLessThanOrEqual(255);
  expect(long.options.messageId).toMatch(/^ä+~0197-run$/);
});
