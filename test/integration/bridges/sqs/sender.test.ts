import { createHash } from 'node:crypto';

import { createSqsSender } from '../../../../bridges/sqs/sender.ts';
import { aFaultySqs, sqsError, type SqsCall } from '../../../support/a-faulty-sqs.ts';
import { anSqsClient, anSqsQueue } from '../../../support/an-sqs-queue.ts';

const sqs = anSqsClient();

interface Entry {
  Id: string;
  MessageBody: string;
}

const entriesOf = ({ body }: SqsCall): Entry[] => body['Entries'] as Entry[];
const bodiesOf = (call: SqsCall): string[] => entriesOf(call).map(({ MessageBody }) => MessageBody);

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** A sender to a queue of its own, by way of an SQS that has its bad days. */
async function aSender() {
  const queue = await anSqsQueue(sqs);
  const faulty = await aFaultySqs();
  return { queue, faulty, send: createSqsSender(anSqsClient(faulty.endpoint), queue.url, {}) };
}

test('bodies of one moment share calls of ten, and each gets its own id', async () => {
  const { queue, faulty, send } = await aSender();
  const bodies = Array.from({ length: 12 }, (_, index) => `body ${index}`);
  const ids = await Promise.all(bodies.map(send));
  expect(faulty.calls.map((call) => entriesOf(call).length)).toEqual([10, 2]);
  expect(new Set(ids).size).toBe(12);
  const { MessageId, Body } = await queue.receive();
  expect(Body).toBe(bodies[ids.indexOf(MessageId ?? '')]);
});

test('a large body travels alone', async () => {
  const { faulty, send } = await aSender();
  const large = 'x'.repeat(100_000);
  await Promise.all(['a', large, 'b'].map(send));
  expect(faulty.calls.map(bodiesOf)).toEqual(expect.arrayContaining([[large], ['a', 'b']]));
});

test('a body that SQS refuses fails by itself', async () => {
  const { faulty, send } = await aSender();
  faulty.answers((call) => {
    const entries = entriesOf(call);
    const isBad = ({ MessageBody }: Entry): boolean => MessageBody === 'bad';
    const Failed = entries.filter(isBad).map(({ Id }) => ({ Id, Code: 'InvalidMessageContents', SenderFault: true }));
    const Successful = entries
      .filter((entry) => !isBad(entry))
      .map(({ Id, MessageBody }) => ({ Id, MessageId: `id-${Id}`, MD5OfMessageBody: md5(MessageBody) }));
    return { status: 200, body: { Successful, Failed } };
  });
  const sent = await Promise.allSettled(['a', 'bad', 'b'].map(send));
  expect(sent).toEqual([
    { status: 'fulfilled', value: 'id-0' },
    { status: 'rejected', reason: expect.objectContaining({ message: 'not sent: InvalidMessageContents' }) as Error },
    { status: 'fulfilled', value: 'id-2' },
  ]);
});

test('of a call that is refused as a whole, each body is heard alone', async () => {
  const { queue, faulty, send } = await aSender();
  faulty.answers((call) => (bodiesOf(call).includes('bad') ? sqsError(400, 'BatchRequestTooLong') : undefined));
  const sent = await Promise.allSettled(['a', 'bad', 'b'].map(send));
  expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await queue.depth()).toMatchObject({ visible: 2 });
});
