import { readFile } from 'node:fs/promises';

import { Command } from '@migenius/realityserver-client';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';

import { webSockets } from '../../bench/gateway/web-sockets.ts';
import { memoryDuring } from '../../bench/process-figures.ts';
import { workflowIdFor } from '../../lib/contract/ids.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { aVendorClient } from '../support/a-vendor-client.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../support/dqm-process.ts';
import { describeWithAmqp, servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

let farm: Farm;
beforeAll(async () => (farm = await aFarm()));
afterAll(async () => {
  await killAll();
  await farm?.close();
});

type Answer = { id: unknown; result?: Record<string, unknown>; error?: { code: number; message: string } };

interface Running {
  url: string;
  process: DqmProcess;
  call(method: string, params: unknown): Promise<Answer>;
  submit(params: object | string): Promise<{ message_id: string; job_id: string }>;
}

async function running(config: string, command: 'gateway' | 'up'): Promise<Running> {
  const process = startDqm([command, '--config', config]);
  const { address } = await process.said('Gateway listens');
  if (command === 'up') await process.said('Up');
  const url = `http://${String(address)}/`;
  const post = async (body: string): Promise<Answer> =>
    (await (await fetch(url, { method: 'POST', body })).json()) as Answer;
  const call = (method: string, params: unknown): Promise<Answer> => post(JSON.stringify({ method, params, id: 1 }));
  return {
    url,
    process,
    call,
    submit: async (params) => {
      const text = typeof params === 'string' ? params : JSON.stringify(params);
      const { result, error } = await post(`{"method":"queue_manager_submit_job","params":${text},"id":1}`);
      if (error) throw new Error(error.message);
      return result as { message_id: string; job_id: string };
    },
  };
}

/** Numbers that no JSON library gives back, and a name that stands twice. */
const PARAMETERS = '{"2":1,"1":2,"big":9007199254740993,"five":5.0,"huge":1e400,"scene":"a","scene":"chair.mi"}';

test("a submit call of the vendor's client becomes a picture, and can be followed to its end", async () => {
  const { url, call, process } = await running(farm.config('up.conf', { data: 'data-up' }), 'up');
  const client = await aVendorClient(url);
  const tasks = [{ name: 's3_upload', config: { bucket: farm.bucket, key: 'gateway/${job_id}.${mime_ext}' } }];
  const parameters = { scene: 'chair.mi', width: 64 };
  const [submitted] = (await client.execute_command(
    new Command('queue_manager_submit_job', { queue_name: 'local', command: 'render_product', parameters, tasks }),
    { want_response: true },
  )) as [{ message_id: string; job_id: string }];
  const { job_id } = submitted;
  const job = await until(async () => {
    const { result } = await call('dqm_job_status', { job_id });
    return result?.['state'] === 'completed' && result;
  });
  expect(job).toMatchObject({
    job_id,
    message_id: submitted.message_id,
    queue: 'local',
    command: 'render_product',
    host: 'gpu-01',
    tasks: [{ name: 's3_upload', state: 'completed' }],
  });
  const { bytes, contentType } = await farm.object(`gateway/${job_id}.png`);
  expect(contentType).toBe('image/png');
  // The picture that the client gets when it asks RealityServer itself, through the same gateway.
  const [direct] = (await client.execute_command(new Command('render_product', parameters), {
    want_response: true,
  })) as [{ data: Uint8Array }];
  expect(bytes.equals(Buffer.from(direct.data))).toBe(true);
  client.close();
  // The jobs of the tests below wait.
  await process.stop();
});

describe('dqm gateway', () => {
  let gateway: Running;
  beforeAll(async () => {
    gateway = await running(farm.config('gateway.conf', { data: 'data-gateway' }), 'gateway');
  });

  test('puts the exact text into SQS, without queue_name', async () => {
    const { message_id, job_id } = await gateway.submit(
      `{ "queue_name": "renders", "command": "render_product", "parameters": ${PARAMETERS}, "tasks": null }`,
    );
    expect(job_id).toBe(message_id);
    const { Messages } = await farm.sqs.send(new ReceiveMessageCommand({ QueueUrl: farm.sqsUrl }));
    expect(Messages?.[0]).toMatchObject({
      MessageId: message_id,
      Body: `{"command": "render_product","parameters": ${PARAMETERS},"tasks": null}`,
    });
  });

  test('starts a job of a queue without a broker, once for a job id', async () => {
    const job = { queue_name: 'local', command: 'render_product', dqm: { job_id: 'chair-1' } };
    const [first] = [await gateway.submit(job), await gateway.submit(job)];
    expect(first.job_id).toBe('chair-1');
    const { memo } = await farm.engine.client.workflow.getHandle(workflowIdFor('local', 'chair-1')).describe();
    expect(memo).toMatchObject({ message_id: first.message_id });
    await expect(gateway.submit({ ...job, parameters: { other: 1 } })).rejects.toThrow('IdentityConflict');
  });

  test('lists jobs, and cancels one', async () => {
    const { job_id } = await gateway.submit({ queue_name: 'local', command: 'sleep', parameters: { ms: 1 } });
    const list = (params: object) => gateway.call('dqm_list_jobs', params);
    const row = await until(async () => {
      const { result } = await list({ queue_name: 'local', state: 'waiting', limit: 10 });
      return (result as unknown as { job_id: string }[]).find((each) => each.job_id === job_id);
    });
    expect(row).toMatchObject({ job_id, queue: 'local', command: 'sleep', state: 'waiting', ended: null });
    expect(row).not.toHaveProperty('tasks');
    expect(await gateway.call('dqm_cancel_job', { job_id })).toEqual({ id: 1, result: { job_id, state: 'cancelled' } });
  });

  test.each([
    ['queue_manager_submit_job', {}, 'queue_name: is required'],
    ['queue_manager_submit_job', [], 'params: must be an object'],
    ['queue_manager_submit_job', { queue_name: 5 }, 'queue_name: must be a string'],
    ['queue_manager_submit_job', { queue_name: 'nowhere' }, 'queue_name: there is no queue of that name, known are'],
    ['queue_manager_submit_job', { queue_name: 'local' }, 'BadMessage: command: is required'],
    [
      'queue_manager_submit_job',
      { queue_name: 'local', command: 'rm' },
      'CommandNotAllowed: command: rm is not listed',
    ],
    ['queue_manager_submit_job', { queue_name: 'renders', command: 'echo', tasks: {} }, 'tasks: must be an array'],
    [
      'queue_manager_submit_job',
      { queue_name: 'renders', command: 'echo', tasks: [{ name: 'x', config: {} }] },
      'tasks[0]',
    ],
    [
      'queue_manager_submit_job',
      { queue_name: 'renders', command: 'echo', dqm: { job_id: ' ' } },
      'dqm.job_id: must be 1 to 200',
    ],
    ['dqm_job_status', {}, 'job_id: is required'],
    ['dqm_job_status', { job_id: 7 }, 'job_id: must be a string'],
    ['dqm_job_status', { job_id: 'nobody' }, 'job_id: no job nobody'],
    ['dqm_cancel_job', { job_id: 'nobody' }, 'job_id: no job nobody'],
    ['dqm_list_jobs', { state: 'lost' }, 'state: must be one of waiting'],
    ['dqm_list_jobs', { limit: 0 }, 'limit: must be at least 1'],
    ['dqm_list_jobs', { limit: 1e6 }, 'limit: must be at most 1000'],
    ['dqm_list_jobs', 5, 'params: must be an object'],
  ])('%s %j is refused and says why: %s', async (method, params, message) => {
    const { error } = await gateway.call(method, params);
    expect(error).toMatchObject({ code: -32_602, message: expect.stringContaining(message) as string });
    expect(error?.message).not.toContain(farm.folder.path);
  });

  describeWithAmqp('with AMQP', () => {
    test('publishes and is confirmed; what nothing takes is an error', async () => {
      const connection = await connect(servers().amqpUrl ?? '');
      const channel = await connection.createChannel();
      const params = { queue_name: 'nightly', command: 'echo', parameters: {} };
      await expect(gateway.submit(params)).rejects.toThrow('queue nightly: not sent: nothing takes it');
      await channel.assertQueue(farm.amqpQueue, { durable: true });
      const { message_id } = await gateway.submit(params);
      const message = await channel.get(farm.amqpQueue, { noAck: true });
      expect(message && message.properties.messageId).toBe(message_id);
      expect(message && message.content.toString()).toBe('{"command":"echo","parameters":{}}');
      await connection.close();
    });
  });

  test('a broker that is away is named, and no secret of its address', async () => {
    const text = `<user amqp>
  <user queue>
    name away
    url amqp://user:hidden@127.0.0.1:1/
    queue q
  </user>
</user>`;
    const file = farm.config('away.conf', { data: 'data-away' });
    const other = await running(farm.folder.file('with-away.conf', `include ${file}\n${text}`), 'gateway');
    const { error } = await other.call('queue_manager_submit_job', { queue_name: 'away', command: 'echo' });
    expect(error).toMatchObject({
      code: -32_000,
      message: expect.stringMatching(/^queue away: .*ECONNREFUSED/) as string,
    });
    expect(JSON.stringify([error, ...other.process.lines])).not.toContain('hidden');
    await other.process.stop();
  });
});

test('without an engine commands pass, submits reach brokers, and the rest says what is missing', async () => {
  const file = farm.config('no-engine.conf', { data: 'data-no-engine' });
  const process = startDqm(['gateway', '--config', file], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  const { address } = await process.said('Gateway listens');
  const call = async (method: string, params: unknown): Promise<Answer> => {
    const body = JSON.stringify({ method, params, id: 1 });
    return (await (await fetch(`http://${String(address)}/`, { method: 'POST', body })).json()) as Answer;
  };
  expect((await call('get_version', {})).result).toContain('simulator');
  const job = { command: 'echo', parameters: {} };
  expect((await call('queue_manager_submit_job', { queue_name: 'renders', ...job })).result).toHaveProperty('job_id');
  for (const [method, params] of [
    ['queue_manager_submit_job', { queue_name: 'local', ...job }],
    ['dqm_job_status', { job_id: 'x' }],
  ] as const) {
    expect((await call(method, params)).error).toMatchObject({
      code: -32_000,
      message: expect.stringContaining('engine has not been reached') as string,
    });
  }
  expect(await process.stop()).toBe(0);
});

describe('with two RealityServers', () => {
  let gateway: Running;
  beforeAll(async () => {
    const dqmLines = ['realityserver_url http://127.0.0.1:1/'];
    gateway = await running(farm.config('two.conf', { data: 'data-two', dqm: dqmLines }), 'gateway');
  });

  test('all passes to the first', async () => {
    for (let count = 0; count < 3; count += 1) {
      expect((await gateway.call('get_version', {})).result).toContain('simulator');
    }
  });

  /** Beyond its memory at rest, far below what passes: results and sockets are not held. */
  const MOST_MORE_MB = 150;

  test('a result of 300 MB passes through in little memory', async () => {
    const bytes = 300_000_000;
    let taken = 0;
    const { beforeMb, mostMb } = await memoryDuring(gateway.process.child.pid ?? 0, async () => {
      const body = JSON.stringify({ method: 'big_result', params: { bytes, chunked: true }, id: 1 });
      const response = await fetch(gateway.url, { method: 'POST', body });
      for await (const piece of response.body as AsyncIterable<Uint8Array>) taken += piece.length;
    });
    expect(taken).toBe(bytes);
    expect(mostMb - beforeMb).toBeLessThan(MOST_MORE_MB);
  });

  test('50 busy WebSockets work beside 500 idle ones, in little memory', async () => {
    let answered = 0;
    const { beforeMb, mostMb } = await memoryDuring(gateway.process.child.pid ?? 0, async () => {
      answered = await webSockets(gateway.url, 2_000);
    });
    expect(answered).toBeGreaterThanOrEqual(50);
    expect(mostMb - beforeMb).toBeLessThan(MOST_MORE_MB);
  });
});

/** Temporal's native part: a worker's, and no gateway's. */
const loadsNative = async ({ child }: DqmProcess): Promise<boolean> =>
  (await readFile(`/proc/${child.pid}/maps`, 'utf8')).includes('core-bridge');

test('a gateway alone starts without the native part of Temporal that workers need', async () => {
  const gateway = await running(farm.config('light.conf', { data: 'data-light' }), 'gateway');
  const worker = startDqm(['worker', 'jobs', '--config', farm.config('worker.conf', { data: 'data-worker' })]);
  await worker.said('Metrics and health');
  expect([await loadsNative(gateway.process), await loadsNative(worker)]).toEqual([false, true]);
  await Promise.all([gateway.process.stop(), worker.stop()]);
});

test('an address that is taken, or open to all by mistake, is refused at start', async () => {
  const taken = new URL(farm.simulator.url).host;
  const start = (gateway: string) =>
    dqm(['gateway', '--config', farm.config('refused.conf', { data: 'data-refused', gateway })]);
  expect(await start(taken)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`gateway_address ${taken}: listen EADDRINUSE`) as string,
  });
  expect(await start('0.0.0.0:0')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('needs gateway_token, or gateway_open on') as string,
  });
});
