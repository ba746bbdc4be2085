import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { aSimulator, closeAll, type ASimulator } from './a-simulator.ts';

afterEach(closeAll);

const fault = (simulator: ASimulator, params: object): Promise<Response> =>
  simulator.post({ method: 'fault', params, id: 1 });

test('error_code is a JSON-RPC error', async () => {
  const simulator = await aSimulator();
  const response = await fault(simulator, { kind: 'error_code', code: -5, message: 'no licence' });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ id: 1, error: { code: -5, message: 'no licence' } });
});

test.each([
  [{}, 500, 'text/plain'],
  [{ status: 404 }, 404, 'text/plain'],
  [{ json_rpc: true }, 500, 'application/json'],
])('http_500 %j answers with status %i', async (options, status, type) => {
  const simulator = await aSimulator();
  const response = await fault(simulator, { kind: 'http_500', ...options });
  expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
});

test('hang answers never; the record ends with the connection', async () => {
  const simulator = await aSimulator();
  const aborting = new AbortController();
  const running = simulator.post({ method: 'fault', params: { kind: 'hang' } }, aborting.signal);
  while (simulator.log.length === 0) await new Promise(setImmediate);
  await simulator.call('get_version');
  expect(simulator.log[0]?.end).toBeNull();
  aborting.abort();
  await expect(running).rejects.toThrow('aborted');
  while (simulator.log[0]?.end === null) await new Promise(setImmediate);
  expect(simulator.log[0]?.closed).toBe(true);
});

test('close ends the connection without an answer', async () => {
  const simulator = await aSimulator();
  await expect(fault(simulator, { kind: 'close' })).rejects.toThrow('fetch failed');
});

test.each([{}, { after_bytes: 0 }, { after_bytes: 4095 }, { chunked: true }])(
  'truncated %j breaks off',
  async (options) => {
    const simulator = await aSimulator();
    const response = await fault(simulator, { kind: 'truncated', ...options });
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  },
);

test('slow_bytes come in pieces', async () => {
  const { url } = await aSimulator();
  const asking = request(url, { method: 'POST' });
  asking.end('{"method":"fault","params":{"kind":"slow_bytes","chunk_bytes":1024,"interval_ms":100}}');
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const pieces: number[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece.length);
  // Two that come late arrive as one.
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.reduce((sum, length) => sum + length)).toBe(4_096);
});

test('wrong_type and empty spoil a picture', async () => {
  const simulator = await aSimulator();
  await simulator.call('sim_faults', { command: 'render_product', kind: 'wrong_type' });
  await simulator.call('sim_faults', { command: 'render_product', kind: 'empty' });
  const render = () => simulator.post({ method: 'render_product', params: { width: 16 } });
  const wrong = await render();
  expect(wrong.headers.get('content-type')).toBe('text/html');
  expect((await wrong.arrayBuffer()).byteLength).toBeGreaterThan(0);
  const empty = await render();
  expect(empty.headers.get('content-type')).toBe('image/png');
  expect((await empty.arrayBuffer()).byteLength).toBe(0);
});

test('crash breaks every connection; it comes back when told so', async () => {
  const simulator = await aSimulator();
  const other = fault(simulator, { kind: 'hang' });
  other.catch(() => undefined);
  while (simulator.log.length === 0) await new Promise(setImmediate);
  await expect(fault(simulator, { kind: 'crash', restart_after_ms: 100 })).rejects.toThrow('fetch failed');
  await expect(other).rejects.toThrow('fetch failed');
  let version: unknown;
  while (version === undefined) version = await simulator.call('get_version').catch(() => undefined);
  expect(version).toMatchObject({ result: expect.any(String) as unknown });
});

test('a crash for good is for good', async () => {
  const simulator = await aSimulator();
  await expect(fault(simulator, { kind: 'crash' })).rejects.toThrow('fetch failed');
  await expect(simulator.call('get_version')).rejects.toThrow('fetch failed');
});

test('planned faults meet the next calls of their command alone', async () => {
  const simulator = await aSimulator();
  const plan = { command: 'echo', kind: 'error_code', times: 2 };
  expect(await simulator.call('sim_faults', plan)).toMatchObject({ result: { waiting: 2 } });
  expect(await simulator.call('get_version')).toHaveProperty('result');
  const answers = [await simulator.call('echo'), await simulator.call('echo'), await simulator.call('echo')];
  expect(answers.map((answer) => 'error' in answer)).toEqual([true, true, false]);
});

test('planned faults can be taken back', async () => {
  const simulator = await aSimulator();
  await simulator.call('sim_faults', { command: 'echo', kind: 'hang' });
  expect(await simulator.call('sim_faults', { clear: true })).toMatchObject({ result: { waiting: 0 } });
  expect(await simulator.call('echo')).toHaveProperty('result');
});
