import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { accepts, freePort, isFree, portOwner, refusalAt } from '../../../../lib/servers/ports.ts';

let server: Server;
let port: number;
beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => server.close());

test('a port where somebody listens is not free, and takes connections', async () => {
  expect(await isFree(port)).toBe(false);
  expect(await accepts(`127.0.0.1:${port}`)).toBe(true);
});

test('a free port is free, and says why it takes no connection', async () => {
  const free = await freePort();
  expect(await isFree(free)).toBe(true);
  expect(await refusalAt(`127.0.0.1:${free}`)).toContain('ECONNREFUSED');
});

test('the system gives a free port to nobody else who asks for any', async () => {
  const free = new Set<number>();
  while (free.size < 200) free.add(await freePort());
  const given: number[] = [];
  while (given.length < 3_000) given.push(await anyPort());
  expect(given.filter((each) => free.has(each))).toEqual([]);
});

async function anyPort(): Promise<number> {
  const any = createServer().listen(0, '127.0.0.1');
  await once(any, 'listening');
  const { port: given } = any.address() as AddressInfo;
  any.close();
  await once(any, 'close');
  return given;
}

test('who asks for a taken port learns who has it, or how to ask', async () => {
  const known = process.platform === 'linux' ? `(process ${process.pid})` : `lsof -i :${port}`;
  expect(await portOwner(port)).toContain(known);
});

test('what is no address is told from what does not answer', async () => {
  expect(await refusalAt('farm example:7233')).toBe('it is no host:port');
});
