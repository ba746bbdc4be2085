import { readFileSync } from 'node:fs';

import { SendMessageCommand } from '@aws-sdk/client-sqs';

import { aFarm, type Farm } from '../support/a-farm.ts';
import { aProxy } from '../support/a-proxy.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../support/dqm-process.ts';
import { describeWithAmqp, servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

let farm: Farm;
beforeAll(async () => {
  farm = await aFarm();
});
afterEach(killAll);
afterAll(() => farm?.close());

const addressOf = async (process: DqmProcess): Promise<string> =>
  `http://${String((await process.said('Metrics and health'))['address'])}`;

const get = async (url: string): Promise<{ status: number; text: string }> => {
  // A connection that is kept may be closed by the server in the moment that it is used again.
  const response = await fetch(url, { headers: { connection: 'close' } });
  return { status: response.status, text: await response.text() };
};

/** A configuration with other lines in the place of some. */
const changed = (name: string, file: string, ...changes: [RegExp, string][]): string =>
  farm.folder.file(
    name,
    changes.reduce((text, [from, to]) => text.replace(from, to), readFileSync(file, 'utf8')),
  );

const engineAt = (port: number): [RegExp, string] => [/temporal_address .*/, `temporal_address 127.0.0.1:${port}`];

const isReady = (address: string) => until(async () => (await get(`${address}/readyz`)).status === 200);
/** What is said once that is away. */
const notReady = (address: string, what: string) =>
  until(async () => {
    const { status, text } = await get(`${address}/readyz`);
    return status === 503 && text.startsWith(`not ready: ${what}`) && text;
  });
/** Waits until its metrics hold all of these: what a worker counts, it counts a moment after the engine has heard of it. */
const counts = (address: string, ...wanted: RegExp[]) =>
  until(async () => {
    const { text } = await get(`${address}/metrics`);
    return wanted.every((line) => line.test(text));
  });

test("a worker's metrics tell of commands, tasks and GPU seconds, with the SDK's own beside them", async () => {
  const config = farm.config('metrics.conf');
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');
  const tasks = [{ name: 's3_upload', config: { bucket: farm.bucket, key: 'metrics.json' } }];
  const body = JSON.stringify({ command: 'echo', parameters: {}, tasks });
  const { exitCode } = await dqm(['submit', '--config', config, '--queue', 'local', '--wait'], { input: body });
  expect(exitCode).toBe(0);
  const address = await addressOf(up);
  await counts(
    address,
    /^dqm_commands_total\{command="echo",outcome="completed"\} 1$/m,
    /^dqm_gpu_seconds_total\{queue="local",command="echo",outcome="completed"\} \d/m,
    /^dqm_tasks_total\{task="s3_upload",outcome="completed"\} 1$/m,
    /^dqm_host_ready\{host="gpu-01"\} 1$/m,
    /^temporal_workflow_completed_total\{.*workflow_type="echo".*\} 1$/m,
  );
  expect(await get(`${address}/healthz`)).toMatchObject({ status: 200 });
  expect(await get(`${address}/`)).toMatchObject({ status: 404 });
});

test("a bridge's metrics count each message by how it was settled, and its log has a line for each", async () => {
  const bridge = startDqm(['bridge', '--queue', 'renders', '--config', farm.config('settled.conf')]);
  const address = await addressOf(bridge);
  const send = (MessageBody: string) => farm.sqs.send(new SendMessageCommand({ QueueUrl: farm.sqsUrl, MessageBody }));
  const job = '{"command":"echo","parameters":{},"dqm":{"job_id":"settled-1"}}';
  await send(job);
  await counts(address, /^dqm_messages_settled_total\{queue="renders",outcome="started"\} 1$/m);
  await send(job);
  await send('{');
  await counts(
    address,
    /^dqm_messages_received_total\{queue="renders"\} 3$/m,
    /^dqm_messages_settled_total\{queue="renders",outcome="started"\} 1$/m,
    /^dqm_messages_settled_total\{queue="renders",outcome="duplicate"\} 1$/m,
    /^dqm_messages_settled_total\{queue="renders",outcome="rejected"\} 1$/m,
    /^dqm_intake_seconds_count\{queue="renders"\} 3$/m,
  );
  const told = () => bridge.lines.filter(({ msg }) => /^Message (settled|rejected)$/.test(msg));
  await until(() => told().length >= 3);
  expect(told()[0]).toMatchObject({
    level: 'info',
    queue: 'renders',
    outcome: 'started',
    workflowId: 'job/renders/settled-1',
  });
  expect(
    told()
      .map(({ outcome }) => String(outcome))
      .sort(),
  ).toEqual(['duplicate', 'rejected', 'started']);
});

const portOf = (address: string): number => Number(address.split(':')[1]);

test('two processes with one metrics_address: the second takes the next free port and says so', async () => {
  const first = startDqm(['worker', 'jobs', '--config', farm.config('first.conf')]);
  const taken = (await addressOf(first)).replace('http://', '');
  const file = changed('second.conf', farm.config('base.conf'), [/metrics_address .*/, `metrics_address ${taken}`]);
  const second = startDqm(['worker', 'jobs', '--config', file]);
  const { wanted, got } = await second.said('metrics_address is taken, using the next free port');
  expect(wanted).toBe(taken);
  expect(portOf(String(got))).toBeGreaterThan(portOf(taken));
  expect((await get(`http://${String(got)}/healthz`)).status).toBe(200);
});

test('no process is ready while the engine is away, and all are alive', async () => {
  const proxy = await aProxy(servers().temporalAddress);
  const config = changed('engine.conf', farm.config('base.conf'), engineAt(proxy.port));
  const parts = [
    ['worker', 'jobs'],
    ['worker', 'gpu'],
    ['bridge', '--all'],
  ];
  const addresses = await Promise.all(parts.map((part) => addressOf(startDqm([...part, '--config', config]))));
  await Promise.all(addresses.map(isReady));
  await proxy.cut();
  for (const address of addresses) {
    await notReady(address, `Temporal engine at 127.0.0.1:${proxy.port}`);
    expect((await get(`${address}/healthz`)).status).toBe(200);
  }
  await proxy.mend();
  await Promise.all(addresses.map(isReady));
});

describeWithAmqp('AMQP', () => {
  test('a bridge is not ready while its broker is away', async () => {
    const proxy = await aProxy(new URL(servers().amqpUrl ?? '').host);
    const config = changed('broker.conf', farm.config('base.conf'), [
      /url amqp:.*/,
      `url amqp://guest:guest@127.0.0.1:${proxy.port}/`,
    ]);
    const address = await addressOf(startDqm(['bridge', '--queue', 'nightly', '--config', config]));
    await isReady(address);
    await proxy.cut();
    expect(await notReady(address, 'bridge of nightly')).toBe('not ready: bridge of nightly\n');
    await proxy.mend();
    await isReady(address);
  });
});

test('a bridge is not ready while SQS is away', async () => {
  const proxy = await aProxy(new URL(servers().awsEndpoint).host);
  const config = changed('sqs.conf', farm.config('base.conf'), [
    /endpoint .*/,
    `endpoint http://127.0.0.1:${proxy.port}`,
  ]);
  const address = await addressOf(startDqm(['bridge', '--queue', 'renders', '--config', config]));
  await isReady(address);
  await proxy.cut();
  expect(await notReady(address, 'bridge of renders')).toBe('not ready: bridge of renders\n');
  await proxy.mend();
  await isReady(address);
});
