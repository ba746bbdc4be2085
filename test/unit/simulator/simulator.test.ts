import { createHash } from 'node:crypto';

import { PNG } from 'pngjs';

import { pseudoRandom } from '../../../simulator/pseudo-random.ts';
import { until } from '../../support/until.ts';

import { aSimulator, closeAll } from './a-simulator.ts';

afterEach(closeAll);

const TINY = { width: 16, height: 9 };

test('it is ready: get_version is a string', async () => {
  const simulator = await aSimulator();
  expect(await simulator.call('get_version')).toEqual({ id: 1, result: expect.any(String) as unknown });
});

test('a picture replaces the JSON', async () => {
  const simulator = await aSimulator();
  const response = await simulator.post({ method: 'render_product', params: { ...TINY, scene: 'chair.mi' }, id: 1 });
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(PNG.sync.read(Buffer.from(await response.arrayBuffer()))).toMatchObject(TINY);
});

test('a height that is left out follows the width', async () => {
  const simulator = await aSimulator();
  const response = await simulator.post({ method: 'render_frame', params: { width: 32, angle: 90 } });
  expect(PNG.sync.read(Buffer.from(await response.arrayBuffer()))).toMatchObject({ width: 32, height: 18 });
});

test('an array is answered with an array, and with one picture when there is one', async () => {
  const simulator = await aSimulator();
  const calls = [
    { method: 'echo', params: { a: 1 }, id: 1 },
    { method: 'nothing', id: 2 },
  ];
  expect(await (await simulator.post(calls)).json()).toEqual([
    { id: 1, result: { a: 1 } },
    { id: 2, error: { code: -32_601, message: 'Unknown command: nothing' } },
  ]);
  const mixed = await simulator.post([calls[0], { method: 'render_product', params: TINY, id: 3 }]);
  expect(mixed.headers.get('content-type')).toBe('image/png');
});

test('the GET form is answered too', async () => {
  const simulator = await aSimulator();
  const request = encodeURIComponent('{"jsonrpc":"2.0","method":"echo","params":{"ü":1},"id":7}');
  const response = await fetch(`${simulator.url}?json_rpc_request=${request}`);
  expect(await response.text()).toBe('{"jsonrpc":"2.0","id":7,"result":{"ü":1}}');
});

test('an echo is the exact text', async () => {
  const simulator = await aSimulator();
  const parameters = '{ "n": 9007199254740993, "z": -0, "big": 1e400, "n": 5.0 }';
  const response = await simulator.post(`{"method":"echo","params":${parameters},"id":1}`);
  expect(await response.text()).toBe(`{"id":1,"result":${parameters}}`);
});

test.each([
  ['render_product', { width: 0 }, 'width'],
  ['render_product', { tint: { r: 1, g: 1 } }, 'tint.b'],
  ['sleep', {}, 'ms'],
  ['fault', { kind: 'fire' }, 'kind'],
])('%s %j is refused: the error names %s', async (method, params, name) => {
  const simulator = await aSimulator();
  const { error } = await simulator.call(method, params);
  expect(error?.code).toBe(-32_602);
  expect(error?.message).toContain(`${name}: `);
});

test.each([
  ['no JSON', '{', -32_700],
  ['no call', '{}', -32_600],
])('%s is an error in JSON', async (_what, body, code) => {
  const simulator = await aSimulator();
  expect(await (await simulator.post(body)).json()).toMatchObject({ id: null, error: { code } });
});

test('it answers at its root alone', async () => {
  const simulator = await aSimulator();
  expect((await fetch(`${simulator.url}service/`)).status).toBe(404);
  expect((await fetch(simulator.url)).status).toBe(400);
  expect((await fetch(simulator.url, { method: 'PUT' })).status).toBe(405);
});

test('a big result is as many bytes as asked, the same each time', async () => {
  const simulator = await aSimulator();
  const bytes = 200_001;
  const response = await simulator.post({ method: 'big_result', params: { bytes, seed: 3 } });
  expect(response.headers.get('content-length')).toBe(String(bytes));
  const hash = createHash('sha256');
  for (const block of pseudoRandom(bytes, 3)) hash.update(block);
  const received = Buffer.from(await response.arrayBuffer());
  expect(createHash('sha256').update(received).digest('hex')).toBe(hash.digest('hex'));
  expect(received.equals(Buffer.concat([...pseudoRandom(bytes, 4)]))).toBe(false);
});

test('it answers while it renders', async () => {
  const simulator = await aSimulator();
  const picture = simulator.post({ method: 'render_product', params: { width: 480 } });
  await until(() => simulator.log.length > 0);
  await simulator.call('get_version');
  const [rendering, version] = [
    simulator.log.find(({ command }) => command === 'render_product'),
    simulator.log.at(-1),
  ];
  expect(version?.command).toBe('get_version');
  expect(rendering?.end).toBeNull();
  await (await picture).arrayBuffer();
});

test('commands at the same time are recorded as such', async () => {
  const simulator = await aSimulator();
  await simulator.call('sleep', { ms: 1 });
  await Promise.all([
    simulator.call('sleep', { ms: 1_000 }),
    simulator.call('sleep', { ms: 1_000 }),
    simulator.call('get_version'),
  ]);
  const { result } = await simulator.call('sim_calls', { command: 'sleep' });
  expect(result).toEqual([
    expect.objectContaining({
      command: 'sleep',
      overlap: false,
      closed: false,
      body: '{"method":"sleep","params":{"ms":1},"id":1}',
    }),
    expect.objectContaining({ overlap: true }),
    expect.objectContaining({ overlap: true }),
  ]);
  expect(simulator.log.find(({ command }) => command === 'get_version')?.overlap).toBe(false);
  expect(simulator.log.every(({ start, end }) => end !== null && end >= start)).toBe(true);
});

test('one command after another is no overlap, even with big results', async () => {
  const simulator = await aSimulator();
  for (let count = 0; count < 5; count += 1) {
    await (await simulator.post({ method: 'big_result', params: { bytes: 3_000_000 } })).arrayBuffer();
  }
  expect(simulator.log.map(({ overlap }) => overlap)).toEqual([false, false, false, false, false]);
});

test('a command whose connection was closed is finished', async () => {
  const simulator = await aSimulator();
  const aborting = new AbortController();
  const running = simulator.post({ method: 'sleep', params: { ms: 100 } }, aborting.signal);
  while (simulator.log.length === 0) await new Promise(setImmediate);
  aborting.abort();
  await expect(running).rejects.toThrow('aborted');
  while (simulator.log[0]?.end === null) await new Promise(setImmediate);
  const [{ start, end, closed } = { start: 0, end: 0, closed: false }] = simulator.log;
  expect(closed).toBe(true);
  expect((end ?? 0) - start).toBeGreaterThanOrEqual(99);
});

test('records can be forgotten', async () => {
  const simulator = await aSimulator();
  await simulator.call('echo');
  expect((await simulator.call('sim_calls', { clear: true })).result).toHaveLength(1);
  expect((await simulator.call('sim_calls')).result).toEqual([]);
});
