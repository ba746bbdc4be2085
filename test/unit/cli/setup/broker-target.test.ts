import { managementOf, missingBrokerTarget } from '../../../../cli/setup/broker-target.ts';
import type { AmqpQueueConfig } from '../../../../lib/config/config.ts';
import { aWebServer } from '../../../support/a-web-server.ts';

const queue: AmqpQueueConfig = {
  kind: 'amqp',
  name: 'nightly',
  urls: ['amqp://dqm:p%40ss@rabbit.example:5672/farm%2F1'],
  tls: {},
  queue: 'render jobs',
  prefetch: 100,
  declare: false,
  deadLetter: { kind: 'broker' },
  maxWaitingJobs: 'auto',
};

/** As RabbitMQ 3.10 answers. */
const answering = (queueAnswer: object, status = 200) => aWebServer({ status, body: JSON.stringify(queueAnswer) });

test.each([
  ['an argument', { arguments: { 'x-dead-letter-exchange': '' }, effective_policy_definition: {} }],
  ['a policy', { arguments: {}, effective_policy_definition: { 'dead-letter-exchange': 'dead' } }],
])('a queue with a target by %s is not spoken of', async (_by, answer) => {
  const { url, requests } = await answering(answer);
  expect(await missingBrokerTarget(queue, url)).toBeUndefined();
  expect(requests[0]).toMatchObject({
    path: '/api/queues/farm%2F1/render%20jobs',
    headers: { authorization: `Basic ${Buffer.from('dqm:p@ss').toString('base64')}` },
  });
});

test('one without a target would lose what is rejected', async () => {
  const { url } = await answering({ arguments: {}, effective_policy_definition: {} });
  expect(await missingBrokerTarget(queue, url)).toContain('render jobs has no dead-letter target');
});

test('a broker that cannot be asked is told, without its password', async () => {
  const { url } = await answering({ error: 'not_authorised' }, 401);
  const warning = await missingBrokerTarget(queue, url);
  expect(warning).toContain(`${url} could not be asked whether render jobs has a dead-letter target (it answered 401)`);
  expect(warning).not.toContain('p@ss');
});

test('the management plugin listens beside the broker', () => {
  expect(managementOf('amqp://dqm:pass@rabbit.example:5672/')).toBe('http://rabbit.example:15672');
  expect(managementOf('amqps://rabbit.example/')).toBe('https://rabbit.example:15671');
});
