import { buffer, text } from 'node:stream/consumers';

import { PNG } from 'pngjs';

import { createRealityServer } from '../../../../../lib/realityserver/http.ts';
import { startSimulator, type Simulator } from '../../../../../simulator/server.ts';
import { until } from '../../../../support/until.ts';

let simulator: Simulator;
let realityServer: ReturnType<typeof createRealityServer>;

beforeEach(async () => {
  simulator = await startSimulator();
  realityServer = createRealityServer({ url: simulator.url, progress: 'websocket' });
});
afterEach(async () => {
  await realityServer.close();
  await simulator.close();
});

function started(command: string, parameters: string) {
  const percents: (number | undefined)[] = [];
  return { percents, run: realityServer.start(command, parameters, (percent) => percents.push(percent)) };
}

test('a command on the WebSocket tells its progress while it runs', async () => {
  const { run, percents } = started('sleep', '{"ms":200}');
  const { mimeType, bytes } = await run.answer;
  expect(mimeType).toBe('application/json');
  expect(await text(bytes)).toBe('{"slept_ms":200}');
  expect(percents).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  await run.ended;
});

test('a picture comes as its bytes', async () => {
  const { mimeType, bytes } = await started('render_product', '{"width":16}').run.answer;
  expect(mimeType).toBe('image/png');
  expect(PNG.sync.read(await buffer(bytes))).toMatchObject({ width: 16 });
});

test('parameters travel as the exact text', async () => {
  await started('echo', '{"n":9007199254740993,"f":5.0}').run.answer;
  expect(simulator.log[0]?.body).toContain('"params":{"n":9007199254740993,"f":5.0}');
});

test.each([
  ['error_code', { type: 'CommandFailed', connectionBroke: false, said: 'no such scene (code -32000)' }],
  ['close', { type: 'HostFault', connectionBroke: true }],
])('the fault %s is the same as over HTTP', async (kind, expected) => {
  const { run } = started('fault', JSON.stringify({ kind, message: 'no such scene' }));
  await expect(run.answer).rejects.toMatchObject(expected);
});

test('a server that is not there is a fault of the host', async () => {
  await simulator.close();
  const { run } = started('sleep', '{"ms":1}');
  await expect(run.answer).rejects.toMatchObject({ type: 'HostFault', connectionBroke: false });
  await run.ended;
});

test('a run that nobody wants any more is read to its end, or closed', async () => {
  const kept = started('sleep', '{"ms":200}').run;
  const closed = started('sleep', '{"ms":60000}').run;
  await until(() => simulator.log.length === 2);
  kept.discard();
  closed.close(new Error('given up'));
  await expect(closed.answer).rejects.toThrow('given up');
  await Promise.all([kept.ended, closed.ended]);
});
