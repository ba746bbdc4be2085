import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { forgetEngine, rememberEngine, runningEngine } from '../../../../lib/engine/address-file.ts';
import { freePort } from '../../../../lib/servers/ports.ts';

let folder: string;
let server: Server;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqm-address-'));
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const anEngine = () => ({
  address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
  uiUrl: 'http://127.0.0.1:8233',
  namespace: 'default',
  pid: process.pid,
});

async function aPidThatIsGone(): Promise<number> {
  const child = spawn('true');
  await once(child, 'close');
  return child.pid ?? 0;
}

test('a running engine is found where it left its address', async () => {
  await rememberEngine(folder, anEngine());
  expect(await runningEngine(folder)).toEqual(anEngine());
  expect(await readdir(folder)).toEqual(['engine.json']);
});

test('a folder without one has none', async () => {
  expect(await runningEngine(join(folder, 'not-made-yet'))).toBeUndefined();
});

test('an engine that has said goodbye is not found', async () => {
  await rememberEngine(folder, anEngine());
  await forgetEngine(folder);
  await forgetEngine(folder);
  expect(await runningEngine(folder)).toBeUndefined();
});

test('a killed one is recognised by its process', async () => {
  await rememberEngine(folder, { ...anEngine(), pid: await aPidThatIsGone() });
  expect(await runningEngine(folder)).toBeUndefined();
});

test('another process that got its number is recognised by the silence at its address', async () => {
  await rememberEngine(folder, { ...anEngine(), address: `127.0.0.1:${await freePort()}` });
  expect(await runningEngine(folder)).toBeUndefined();
});

test.each(['', '{"address":', '{"address":"127.0.0.1:1"}'])('a file that holds %j names no engine', async (text) => {
  await writeFile(join(folder, 'engine.json'), text);
  expect(await runningEngine(folder)).toBeUndefined();
});
