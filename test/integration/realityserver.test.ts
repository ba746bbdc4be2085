import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer, text } from 'node:stream/consumers';

import { PNG } from 'pngjs';

import type { RealityServer } from '../../lib/realityserver/client.ts';
import { createRealityServer } from '../../lib/realityserver/http.ts';
import type { CallRecord } from '../../simulator/calls.ts';
import { until } from '../support/until.ts';

const ROOT = join(__dirname, '../..');
const BIG_BYTES = 300_000_000;
const MOST_MORE_BYTES = 40 * 1024 * 1024;

const { signal } = new AbortController();
let simulator: ChildProcess;
let url: string;
let realityServer: RealityServer & { close(): Promise<void> };

beforeEach(async () => {
  simulator = spawn(process.execPath, [join(ROOT, 'dist/simulator/main.js'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(simulator.stdout!), 'line')) as [string];
  ({ url } = JSON.parse(line) as { url: string });
  realityServer = createRealityServer({ url });
});

afterEach(async () => {
  await realityServer.close();
  await stop();
});

async function stop(): Promise<NodeJS.Signals | number | null> {
  simulator.kill();
  return exit();
}

async function exit(): Promise<NodeJS.Signals | number | null> {
  if (simulator.exitCode === null && simulator.signalCode === null) await once(simulator, 'exit');
  return simulator.signalCode ?? simulator.exitCode;
}

const run = (command: string, parameters: object, stopSignal = signal) =>
  realityServer.run(command, JSON.stringify(parameters), stopSignal);

async function calls(command: string): Promise<CallRecord[]> {
  return JSON.parse(await text((await run('sim_calls', { command })).bytes)) as CallRecord[];
}

test('a picture comes as the bytes of a PNG', async () => {
  const { mimeType, bytes } = await run('render_product', {
    scene: 'chair.mi',
    width: 64,
    tint: { r: 1, g: 0.2, b: 0.1 },
  });
  expect(mimeType).toBe('image/png');
  expect(PNG.sync.read(await buffer(bytes))).toMatchObject({ width: 64, height: 36 });
});

test('parameters arrive, and a result comes back, as the exact text', async () => {
  const parameters =
    '{ "n": 9007199254740993, "f": 5.0, "z": -0, "big": 1e400, "2": 1, "1": 2, "n": "ü😀", "__proto__": {} }';
  const { mimeType, bytes } = await realityServer.run('echo', parameters, signal);
  expect(mimeType).toBe('application/json');
  expect(await text(bytes)).toBe(parameters);
  expect((await calls('echo'))[0]?.body).toContain(`"params":${parameters},`);
});

test('an unknown command and wrong parameters are the server’s own errors', async () => {
  await expect(run('no_such_command', {})).rejects.toMatchObject({ type: 'CommandFailed' });
  await expect(run('no_such_command', {})).rejects.toThrow('Unknown command: no_such_command (code -32601)');
  await expect(run('render_product', { width: -1 })).rejects.toThrow('width: ');
});

test('version is ready while it renders: the simulator renders in another thread', async () => {
  const picture = run('render_product', { width: 2_000 });
  picture.catch(() => undefined);
  await until(async () => (await calls('render_product')).length > 0);
  await expect(realityServer.version(signal)).resolves.toBe('RealityServer simulator 1.0');
  expect((await calls('render_product'))[0]?.end).toBeNull();
});

test.each([
  ['error_code', 'CommandFailed', false],
  ['http_500', 'HostFault', false],
  ['close', 'HostFault', true],
  ['empty', 'UnexpectedResult', false],
])('the fault %s is a %s', async (kind, type, connectionBroke) => {
  await run('sim_faults', { command: 'render_product', kind });
  await expect(run('render_product', { width: 16 })).rejects.toMatchObject({ type, connectionBroke });
});

test.each([{ chunked: false }, { chunked: true }])('a truncated picture never ends well: %j', async (options) => {
  await run('sim_faults', { command: 'render_product', kind: 'truncated', ...options });
  const { bytes } = await run('render_product', { width: 16 });
  await expect(buffer(bytes)).rejects.toMatchObject({ type: 'UnexpectedResult', connectionBroke: true });
});

test('slow bytes are all there in the end', async () => {
  await run('sim_faults', { command: 'big_result', kind: 'slow_bytes', chunk_bytes: 1_000, interval_ms: 5 });
  expect(await buffer((await run('big_result', { bytes: 20_000 })).bytes)).toHaveLength(20_000);
});

test('a crash is the fault of the host whose connection broke, and then of one that is not there', async () => {
  await expect(run('fault', { kind: 'crash' })).rejects.toMatchObject({ type: 'HostFault', connectionBroke: true });
  expect(await exit()).toBe('SIGKILL');
  await expect(realityServer.version(signal)).rejects.toMatchObject({ type: 'HostFault', connectionBroke: false });
});

test('an aborted command goes on without its connection', async () => {
  const aborting = new AbortController();
  const running = run('sleep', { ms: 2_000 }, aborting.signal);
  running.catch(() => undefined);
  await until(async () => (await calls('sleep')).length > 0);
  aborting.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  const { start, end, closed } = await until(async () => {
    const [record] = await calls('sleep');
    return record?.end != null && { ...record, end: record.end };
  });
  expect(closed).toBe(true);
  expect(end - start).toBeGreaterThanOrEqual(1_999);
});

test('SIGTERM ends the simulator, whatever it does', async () => {
  const running = Promise.allSettled([run('fault', { kind: 'hang' }), run('render_product', { width: 2_000 })]);
  for (const command of ['fault', 'render_product']) await until(async () => (await calls(command)).length > 0);
  expect(await stop()).toBe(0);
  const broken = expect.objectContaining({ type: 'HostFault', connectionBroke: true }) as unknown;
  expect(await running).toEqual([
    { status: 'rejected', reason: broken },
    { status: 'rejected', reason: broken },
  ]);
});

/** Takes a big result in a process like a render host's, and prints the most memory it used beyond what it used at rest. */
const TAKE = `
  import '@temporalio/worker';
  import { createRealityServer } from ${JSON.stringify(join(ROOT, 'dist/lib/realityserver/http.js'))};
  const realityServer = createRealityServer({ url: process.argv[1] });
  const take = async (bytes) => {
    const result = await realityServer.run('big_result', JSON.stringify({ bytes }), new AbortController().signal);
    let size = 0;
    let most = 0;
    for await (const chunk of result.bytes) {
      size += chunk.length;
      most = Math.max(most, process.memoryUsage.rss());
    }
    return { size, most };
  };
  await take(1_000_000);
  const rest = process.memoryUsage.rss();
  const { size, most } = await take(${BIG_BYTES});
  console.log(JSON.stringify({ size, more: most - rest }));
  await realityServer.close();
`;

test('a result of 300 MB passes through in little memory', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', TAKE, url], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { size, more } = JSON.parse(await text(child.stdout)) as { size: number; more: number };
  expect(size).toBe(BIG_BYTES);
  expect(more).toBeLessThan(MOST_MORE_BYTES);
});
