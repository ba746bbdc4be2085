import { aFaultySqs } from '../../../support/a-faulty-sqs.ts';
import { GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anSqsBridge } from '../../../support/an-sqs-bridge.ts';
import { anSqsClient, anSqsQueue, type TestQueue } from '../../../support/an-sqs-queue.ts';
import { until } from '../../../support/until.ts';

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

const MOST_POLLERS = 4;
const BATCH = 10;
const MESSAGES = 60;

const sqs = anSqsClient();
const fill = (queue: TestQueue, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => queue.send(GOLDEN_BODY)));

test('a backlog brings four pollers, each with a batch in hand; an idle queue leaves one', async () => {
  const queue = await anSqsQueue(sqs);
  const faulty = await aFaultySqs();
  await fill(queue, MESSAGES);
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { settled } = anSqsBridge(engine.client, queue.url, {
    endpoint: faulty.endpoint,
    pollSeconds: 1,
    judge: (judge) => async (message, signal) => {
      await held;
      return judge(message, signal);
    },
  });
  const inHand = MOST_POLLERS * BATCH;
  await until(async () => (await queue.depth()).inFlight === inHand);
  expect(await queue.depth()).toEqual({ visible: MESSAGES - inHand, inFlight: inHand });

  let open = 0;
  let aloneInARow = 0;
  letGo();
  await settled(MESSAGES);
  // Empty from now on, and seen from here: whoever polls beside another one is counted.
  faulty.answers(async ({ action }) => {
    if (action !== 'ReceiveMessage') return undefined;
    open += 1;
    await new Promise((resolve) => setTimeout(resolve, 200));
    aloneInARow = open === 1 ? aloneInARow + 1 : 0;
    open -= 1;
    return { status: 200, body: {} };
  });
  await until(() => aloneInARow >= 2 * MOST_POLLERS);
});

test('good messages do not wait for the dead letter of a bad one beside them', async () => {
  const [queue, dead] = [await anSqsQueue(sqs), await anSqsQueue(sqs)];
  const faulty = await aFaultySqs();
  let letters = 0;
  // The dead letter is stored when all others have left the queue, and no sooner.
  faulty.answers(async ({ action }) => {
    if (action !== 'SendMessage') return undefined;
    letters += 1;
    await until(async () => {
      const { visible, inFlight } = await queue.depth();
      return visible + inFlight === 1;
    });
    return undefined;
  });
  await fill(queue, 5);
  await queue.send('not JSON');
  await fill(queue, 4);
  const { settled, outcomes } = anSqsBridge(engine.client, queue.url, {
    endpoint: faulty.endpoint,
    deadLetterUrl: dead.url,
  });
  await settled(10);
  expect(outcomes.toSorted()).toEqual(['rejected', ...Array<string>(9).fill('started')]);
  expect(letters).toBe(1);
  expect(await dead.depth()).toEqual({ visible: 1, inFlight: 0 });
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
});
