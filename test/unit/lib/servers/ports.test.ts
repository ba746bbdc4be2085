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

test('who asks for a taken port learns who has it, or how to ask', async () => {
  const known = process.platform === 'linux' ? `(process ${process.pid})` : `lsof -i :${port}`;
  expect(await portOwner(port)).toContain(known);
});

test('what is no address is told from what does not answer', async () => {
  expect(await refusalAt('farm example:7233')).toBe('it is no host:port');
});
