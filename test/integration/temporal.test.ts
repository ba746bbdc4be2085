import { EventEmitter, once } from 'node:events';
import type { Log } from '../../lib/log.ts';
import { startEmbeddedEngine } from '../../lib/engine/embedded.ts';
import { freePort } from '../../lib/servers/ports.ts';
import { connectClient, connectWorker } from '../../lib/temporal.ts';
import { servers } from '../support/servers.ts';
import { aRefusingEngine } from '../support/servers-refusing.ts';
import { silentLog } from '../support/silent-log.ts';

const options = (address: string) => ({ address, namespace: 'default' });

/** Its `warned` settles with the first warning. */
function aLog(): { log: Log; warnings: unknown[]; warned: Promise<unknown> } {
  const warnings: unknown[] = [];
  const events = new EventEmitter();
  const warn: Log['warn'] = (message, fields) => {
    warnings.push({ message, ...fields });
    events.emit('warning');
  };
  return { log: { ...silentLog, warn }, warnings, warned: once(events, 'warning') };
}

test('a client and a worker reach the engine', async () => {
  const { client, close } = await connectClient(options(servers().temporalAddress));
  expect(await client.workflow.count('DqmQueue = "nobody"')).toMatchObject({ count: 0 });
  await close();
  const connection = await connectWorker(options(servers().temporalAddress));
  await connection.close();
});

test.each([
  ['connectClient', connectClient],
  ['connectWorker', connectWorker],
])('%s says at once that the engine refuses the credentials, and tries no further', async (_name, connect) => {
  const { address, close } = await aRefusingEngine(16, 'unknown API key');
  const retry = { log: silentLog, signal: new AbortController().signal };
  await expect(connect(options(address), retry)).rejects.toThrow(
    `the Temporal engine at ${address} refuses our credentials: unknown API key`,
  );
  close();
});

test('an engine that takes the connection but not the first call is asked again', async () => {
  const { address, close } = await aRefusingEngine(16, 'unknown API key', 1);
  await expect(connectClient(options(address))).rejects.toThrow('unknown API key');
  close();
});

test('without a wish to wait, an engine that is away is an error with its address and the reason', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expect(connectClient(options(address))).rejects.toThrow(
    new RegExp(`cannot reach the Temporal engine at ${address}: .*ECONNREFUSED`),
  );
});

test('an engine that is away is waited for, with one warning that names it', async () => {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const { log, warnings, warned } = aLog();
  const waiting = connectClient(options(address), { log, signal: new AbortController().signal });
  await warned;
  const binary = servers().enginePath;
  const engine = await startEmbeddedEngine({
    binary,
    env: process.env,
    port,
    uiPort: 0,
    namespace: 'default',
    log: silentLog,
  });
  await (await waiting).close();
  expect(warnings).toEqual([expect.objectContaining({ address, reason: expect.stringContaining('ECONNREFUSED') })]);
  await engine.stop();
});

test('waiting ends when the process is asked to stop', async () => {
  const { log, warned } = aLog();
  const stopping = new AbortController();
  const waiting = connectWorker(options(`127.0.0.1:${await freePort()}`), { log, signal: stopping.signal });
  await warned;
  stopping.abort();
  await expect(waiting).rejects.toThrow('aborted');
});
