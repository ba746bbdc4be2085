import { request } from 'node:http';
import type { Socket } from 'node:net';

import { aGateway, closeGateways, type AGateway } from '../../../support/a-gateway.ts';
import { aStubbornServer } from '../../../support/a-web-server.ts';
import { until } from '../../../support/until.ts';
import { aSimulator, closeAll, type ASimulator } from '../../simulator/a-simulator.ts';

let simulator: ASimulator;
let gateway: AGateway;
beforeEach(async () => {
  simulator = await aSimulator();
  gateway = await aGateway(simulator.url);
});
afterEach(async () => {
  await closeGateways();
  await closeAll();
});

const IDS = '{"message_id":"m-1","job_id":"j-1"}';
const SUBMIT = '"method":"queue_manager_submit_job","params":{"queue_name":"q"}';
const VERSION = '"result":"RealityServer simulator 1.0"';

describe('every shape of a request gets the answer of that shape', () => {
  test.each([
    ['2.0', `{"jsonrpc":"2.0",${SUBMIT},"id":1}`, `{"jsonrpc":"2.0","id":1,"result":${IDS}}`],
    ['1.0', `{${SUBMIT},"id":1}`, `{"id":1,"result":${IDS}}`],
    ['a text as id', `{${SUBMIT},"id":"a\\"b"}`, `{"id":"a\\"b","result":${IDS}}`],
    ['an id beyond a double', `{${SUBMIT},"id":9007199254740993}`, `{"id":9007199254740993,"result":${IDS}}`],
    ['no id', `{${SUBMIT}}`, `{"id":null,"result":${IDS}}`],
    ['white space and a byte order of its own', ` {\n "id" : 1 ,${SUBMIT}}\n`, `{"id":1,"result":${IDS}}`],
    ['an escaped name', `{"method":"dqm_\\u006aob_status","id":1}`, '{"id":1,"result":"dqm_job_status"}'],
    [
      'the last of two methods counts',
      `{"method":"echo","method":"dqm_list_jobs"}`,
      '{"id":null,"result":"dqm_list_jobs"}',
    ],
    ['an array of one', `[{${SUBMIT},"id":1}]`, `[{"id":1,"result":${IDS}}]`],
    [
      'two of ours',
      `[{${SUBMIT},"id":1},{"method":"dqm_list_jobs","id":2}]`,
      `[{"id":1,"result":${IDS}},{"id":2,"result":"dqm_list_jobs"}]`,
    ],
    [
      'both kinds, in the order of the calls',
      `[{"method":"get_version","id":1},{${SUBMIT},"id":2},{"method":"echo","params":{"n":5.0},"id":3},{"method":"dqm_job_status","id":4},{"method":"nothing","id":5}]`,
      `[{"id":1,${VERSION}},{"id":2,"result":${IDS}},{"id":3,"result":{"n":5.0}},{"id":4,"result":"dqm_job_status"},{"id":5,"error":{"code":-32601,"message":"Unknown command: nothing"}}]`,
    ],
  ])('%s', async (_shape, body, answer) => {
    const response = await gateway.post(body, { 'content-type': 'application/json' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe(answer);
    const get = await fetch(`${gateway.url}?json_rpc_request=${encodeURIComponent(body)}`);
    expect(await get.text()).toBe(answer);
  });

  test.each([
    ['a command of the server', '{"method":"get_version","id":1}'],
    ['no command', '{"method":"nothing","id":1}'],
    ['broken JSON', '{"method":"queue_manager_submit_job",'],
    ['no object', '"queue_manager_submit_job"'],
    ['no method', '{"params":{"x":"queue_manager_submit_job"}}'],
    ['an empty array', '[]'],
    ['nothing', ''],
    ['our name as a number', '{"method":5,"x":"dqm_list_jobs"}'],
    ['our name in another case', '{"method":"DQM_LIST_JOBS","x":"dqm_list_jobs"}'],
    ['nesting without an end', `${'['.repeat(100_000)}"dqm_list_jobs"`],
  ])('%s is the server’s own to answer', async (_shape, body) => {
    expect(await (await gateway.post(body)).text()).toBe(await (await simulator.post(body)).text());
    expect(gateway.calls).toEqual([]);
  });
});

test('the parameters of a submit are the exact text', async () => {
  const parameters = '{"queue_name":"q","parameters":{ "n": 9007199254740993, "z": -0, "big": 1e400, "n": 5.0 }}';
  await gateway.post(`{"method":"queue_manager_submit_job","params":${parameters},"id":1}`);
  expect(gateway.calls).toEqual([{ method: 'queue_manager_submit_job', parameters }]);
});

test('a Binary result replaces the whole response; what was queued stands in the headers', async () => {
  const render = '{"method":"render_product","params":{"width":16},"id":2}';
  const response = await gateway.post(`[{${SUBMIT},"id":1},${render},{${SUBMIT},"id":3}]`);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('x-dqm-message-id')).toBe('m-1, m-1');
  expect(response.headers.get('x-dqm-job-id')).toBe('j-1, j-1');
  const direct = await (await simulator.post(`[${render}]`)).arrayBuffer();
  expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(direct))).toBe(true);
});

test('an error page of the server replaces it too, and so does our own when it is away', async () => {
  await simulator.call('sim_faults', { command: 'echo', kind: 'http_500', status: 503 });
  const mixed = `[{${SUBMIT},"id":1},{"method":"echo","id":2}]`;
  const broken = await gateway.post(mixed);
  expect([broken.status, await broken.text()]).toEqual([503, 'The simulator was asked to fail\n']);
  expect(broken.headers.get('x-dqm-job-id')).toBe('j-1');
  await simulator.close();
  const away = await gateway.post(mixed);
  expect(away.status).toBe(502);
  expect(away.headers.get('x-dqm-job-id')).toBe('j-1');
  expect(await away.json()).toMatchObject({ error: { message: expect.stringContaining('ECONNREFUSED') as string } });
});

test.each([
  ['breaks off', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{"id":2'), 502],
  ['is no HTTP', (socket: Socket) => socket.end('garbage\r\n\r\n'), 502],
  ['is no array', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"id":2}'), 200],
])('when the answer to the rest %s, the ids of what was queued arrive', async (_how, answer, status) => {
  const server = await aStubbornServer((asked) => answer(asked.socket));
  const before = await aGateway(server.url);
  const response = await before.post(`[{${SUBMIT},"id":1},{"method":"echo","id":2}]`);
  expect([response.status, response.headers.get('x-dqm-job-id')]).toEqual([status, 'j-1']);
});

test('the rest of a client that has gone meanwhile is asked of nobody', async () => {
  let end: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (end = resolve));
  const slow = await aGateway(simulator.url, { run: () => held.then(() => ({ outcome: { result: '1' } })) });
  const asking = request(slow.url, { method: 'POST' }).on('error', () => undefined);
  asking.end('[{"method":"dqm_list_jobs","id":1},{"method":"echo","id":2}]');
  await until(() => slow.calls.length === 1);
  asking.destroy();
  await until(() => asking.closed);
  // Answered behind the client's farewell.
  await slow.post('{"method":"get_version","id":1}');
  end();
  await slow.post('{"method":"get_version","id":2}');
  expect(simulator.log.map(({ command }) => command)).toEqual(['get_version', 'get_version']);
});

test('submits that follow each other leave together and in order; any other command waits for those before it', async () => {
  const ends: (() => void)[] = [];
  const slow = await aGateway(undefined, {
    run: ({ parameters }) =>
      new Promise((resolve) => ends.push(() => resolve({ outcome: { result: `[${parameters},${ends.length}]` } }))),
  });
  const methods = ['queue_manager_submit_job', 'queue_manager_submit_job', 'dqm_list_jobs', 'queue_manager_submit_job'];
  const asking = slow.post(methods.map((method, id) => ({ method, params: { id }, id })));
  const endInTurn = async (begun: number, ...places: number[]): Promise<void> => {
    await until(() => ends.length === begun);
    for (const place of places) ends[place]?.();
  };
  await endInTurn(2, 1, 0);
  await endInTurn(3, 2);
  await endInTurn(4, 3);
  const answers = (await (await asking).json()) as { id: number; result: unknown }[];
  // Beside each call the number of those that had begun when it ended.
  expect(answers).toEqual([
    { id: 0, result: [{ id: 0 }, 2] },
    { id: 1, result: [{ id: 1 }, 2] },
    { id: 2, result: [{ id: 2 }, 3] },
    { id: 3, result: [{ id: 3 }, 4] },
  ]);
});

test('at most 100 of ours come in one request', async () => {
  const response = await gateway.post(Array.from({ length: 102 }, (_, id) => ({ method: 'dqm_list_jobs', id })));
  const answers = (await response.json()) as { error?: { message: string } }[];
  expect(answers).toHaveLength(102);
  expect(gateway.calls).toHaveLength(100);
  expect(answers[101]?.error?.message).toContain('at most 100');
});

test('without a RealityServer our commands are answered and nothing else', async () => {
  const alone = await aGateway(undefined);
  expect(await (await alone.post(`{${SUBMIT},"id":1}`)).text()).toBe(`{"id":1,"result":${IDS}}`);
  const other = await alone.post('{"method":"get_version","id":1}');
  expect([other.status, await other.text()]).toEqual([502, expect.stringContaining('realityserver_url')]);
});

test.each(['service/', 'any/path', 'index.html'])('our commands are not at /%s', async (path) => {
  const response = await fetch(gateway.url + path, { method: 'POST', body: `{${SUBMIT},"id":1}` });
  expect(response.status).toBe(404);
  expect(await response.text()).toBe('RealityServer answers at /\n');
  expect(gateway.calls).toEqual([]);
});

test('under /dqm/ nothing passes', async () => {
  const response = await fetch(`${gateway.url}dqm/anything`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { message: 'there is no such page' } });
});
