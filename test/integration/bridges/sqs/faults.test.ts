import { DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';

import { aFaultySqs, sqsError, type SqsAnswer, type SqsCall } from '../../../support/a-faulty-sqs.ts';
import { aFuzz } from '../../../support/a-fuzz.ts';
import { GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anSqsBridge } from '../../../support/an-sqs-bridge.ts';
import { anSqsClient, anSqsQueue } from '../../../support/an-sqs-queue.ts';
import { until } from '../../../support/until.ts';

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

const sqs = anSqsClient();
const send = (url: { send(body: string): Promise<string> }, count: number) =>
  Promise.all(Array.from({ length: count }, () => url.send(GOLDEN_BODY)));

/** Each call of this action fails so often; then SQS is well. */
function failing(action: string, times: number, status: number, name: string) {
  let left = times;
  return (call: SqsCall) => (call.action === action && left-- > 0 ? sqsError(status, name) : undefined);
}

test.each([
  ['answers 500', 500, 'InternalError'],
  ['throttles', 400, 'ThrottlingException'],
])('while SQS %s, messages wait, and each becomes one job', async (_how, status, name) => {
  const queue = await anSqsQueue(sqs);
  const faulty = await aFaultySqs();
  const failures = [failing('ReceiveMessage', 3, status, name), failing('DeleteMessageBatch', 3, status, name)];
  faulty.answers((call) => failures.map((fails) => fails(call)).find((answer) => answer !== undefined));
  const ids = await send(queue, 5);
  const { name: queueName, settled, outcomes } = anSqsBridge(engine.client, queue.url, { endpoint: faulty.endpoint });
  await settled(5);
  expect(outcomes).toEqual(Array(5).fill('started'));
  await Promise.all(ids.map((id) => engine.client.workflow.getHandle(`job/${queueName}/${id}`).describe()));
  await until(async () => (await queue.depth()).inFlight === 0);
});

test('entries of a batch that SQS does not delete are deleted with the next, not seen again', async () => {
  const queue = await anSqsQueue(sqs);
  const faulty = await aFaultySqs();
  let batches = 0;
  faulty.answers(({ action, body }) => {
    if (action !== 'DeleteMessageBatch') return undefined;
    batches += 1;
    const entries = body['Entries'] as { Id: string }[];
    const Failed = entries.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
    return batches === 1 ? { status: 200, body: { Successful: [], Failed } } : undefined;
  });
  await send(queue, 5);
  const { settled, outcomes } = anSqsBridge(engine.client, queue.url, { endpoint: faulty.endpoint });
  await settled(5);
  expect(outcomes).toEqual(Array(5).fill('started'));
  expect(await queue.depth()).toEqual({ visible: 0, inFlight: 0 });
  expect(batches).toBeGreaterThan(1);
});

/** Deletes half of a batch, and fails the others. */
async function halfDeleted(QueueUrl: string, { body }: SqsCall): Promise<SqsAnswer> {
  const entries = body['Entries'] as { Id: string; ReceiptHandle: string }[];
  const half = Math.floor(entries.length / 2);
  const [deleted, failed] = [entries.slice(0, half), entries.slice(half)];
  if (half > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: deleted }));
  const Failed = failed.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
  return { status: 200, body: { Successful: deleted.map(({ Id }) => ({ Id })), Failed } };
}

/** Most calls fail; the SDK throttles itself after the first throttling, to one call in two seconds at worst. */
const FAULTS = 25;

test('through a stretch of 500s, throttling and batches that half fail, while messages keep coming, each becomes one job', async () => {
  const queue = await anSqsQueue(sqs);
  const faulty = await aFaultySqs();
  const fuzz = aFuzz(7);
  const sent: Promise<string>[] = [];
  const bad: ((call: SqsCall) => SqsAnswer | Promise<SqsAnswer>)[] = [
    () => sqsError(500, 'InternalError'),
    () => sqsError(400, 'ThrottlingException'),
    (call) =>
      call.action === 'DeleteMessageBatch' ? halfDeleted(queue.url, call) : sqsError(503, 'ServiceUnavailable'),
  ];
  let faults = 0;
  faulty.answers((call) => {
    if (faults === FAULTS) return undefined;
    sent.push(queue.send(GOLDEN_BODY), queue.send(GOLDEN_BODY));
    if (fuzz.number(10) < 3) return undefined;
    faults += 1;
    return fuzz.one(bad)(call);
  });
  const { name, outcomes } = anSqsBridge(engine.client, queue.url, { endpoint: faulty.endpoint });
  await until(() => faults === FAULTS && outcomes.length >= sent.length);
  const ids = await Promise.all(sent);
  await until(async () => {
    const { visible, inFlight } = await queue.depth();
    return visible + inFlight === 0;
  });
  const jobs = await until(async () => {
    const found: string[] = [];
    for await (const { workflowId } of engine.client.workflow.list({ query: `DqmQueue = '${name}'` })) {
      found.push(workflowId);
    }
    return found.length >= ids.length && found.sort();
  });
  expect(jobs).toEqual(ids.map((id) => `job/${name}/${id}`).sort());
});

test("a clock that is wrong by an hour is set right from SQS's answer", async () => {
  const queue = await anSqsQueue(sqs);
  const faulty = await aFaultySqs();
  const HOUR_MS = 3_600_000;
  const signedAt = ({ headers }: SqsCall): number => {
    const [, year, month, day, hour, minute] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/.exec(String(headers['x-amz-date'])) ?? [];
    return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  };
  // Their clock is an hour ahead of ours.
  const isSkewed = (call: SqsCall): boolean => Math.abs(signedAt(call) - (Date.now() + HOUR_MS)) > 300_000;
  faulty.answers((call) =>
    isSkewed(call)
      ? { ...sqsError(403, 'RequestTimeTooSkewed'), date: new Date(Date.now() + HOUR_MS).toUTCString() }
      : undefined,
  );
  await send(queue, 1);
  const { settled, outcomes } = anSqsBridge(engine.client, queue.url, { endpoint: faulty.endpoint });
  await settled(1);
  expect(outcomes).toEqual(['started']);
});
